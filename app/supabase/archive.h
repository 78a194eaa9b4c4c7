/*
 * The folder that the end of a move leaves, one file a question:
 *
 *	project.dump       what was in the database: pg_dump's custom format, for pg_restore
 *	project-after.sql  indexes, references, triggers and policies, for psql behind it
 *	objects/           bytes of stored files, each named by its id
 *	objects.jsonl      which object is which file: {"id","bucket","name","version","size","sha256","state"}
 *	README.md          how it is restored, and what is to be done before the project is closed
 *	SHA256SUMS         of every file above
 *	manifest.json      what is in it and what is not, and the digest of SHA256SUMS
 *
 * Private to app/supabase.
 */
#pragma once

#include "app/supabase/cutover.h"
#include "lib/store/store.h"

#include <stdio.h>

/* Under way. */
struct archive {
	struct cutover c;
	const char *folder;
	struct store *store; /* of stored files */
	FILE *sums;
	const char *counts,
		*left_out; /* JSON: rows a table; tables whose rows are not in the dump */
	int64_t stored, bytes, not_stored;
};

const char *archive_path(struct archive *r, const char *name);

/* Digests a file of the folder that is written and whole, and enters it into SHA256SUMS. False: the problem is told,
 * as in all below. */
bool archive_enter(struct archive *r, const char *name);

/* project.dump and project-after.sql. */
bool archive_dump(struct archive *r);

/* objects/ and objects.jsonl. */
bool archive_objects(struct archive *r);

/* README.md. */
bool archive_readme(struct archive *r);
