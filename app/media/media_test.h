/* Uploading in tests, and looking at what became of it. */
#pragma once

#include "test/harness/harness.h"

/* A file of test/media/make, made once a run. */
const char *t_media(const char *name, size_t *ret_size);

/* POST /upload of bytes as this name, as the clients do. */
const struct t_reply *t_upload_bytes(const struct t_user *user, const char *field, const char *name,
				     const char *bytes, size_t size);
const struct t_reply *t_upload(const struct t_user *user, const char *name);

/* The key in the reply's address, "uploads/…". */
const char *t_key(const struct t_reply *reply, const char *member);

/* The stored file of a reply, fetched as anybody would. */
const struct t_reply *t_stored(const struct t_reply *upload);

/* Whether the bytes are anywhere in the reply. */
bool t_contains(const struct t_reply *reply, const char *text);

/* Runs a command over the reply's body in a file, whose name replaces %s; what it prints. */
const char *t_ask(const struct t_reply *reply, const char *command);

/* Files below the server's upload folder. */
int t_stored_files(void);
