/*
 * Leaving Supabase: takes the database of a project over. A dump's tables arrive unchanged in a landing zone
 * (schemas auth, storage, public and the app's own), each statement in a ledger; then SQL turns them into the
 * tables of schema sojorn. State is in schema supabase_move of the target database, so that an import that was
 * killed goes on where it was. A live project is taken over by PostgreSQL's own logical replication and followed
 * until the cutover. For the command line: all but
 * move_numbers blocks.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/err.h"

/* How a move fares, for a server's metrics. */
struct move_numbers {
	bool moving, upstream, held, here; /* the gate: in use, and where it stands */
	double held_seconds;
	double follow_lag, reverse_lag; /* seconds; 0: nothing waits, or goes this way */
	int64_t differences;		/* that the newest verify has found; -1: there was none */
	double verified_at, watched_at; /* seconds since 1970; 0: never */
	bool errors, slow, corrupt;	/* what the watch has found */
	int64_t compared, differ;	/* rows, by the watch */
};

/* Unlike everything below for a server's loop: suspends. */
struct db;
err move_numbers(struct db *db, struct move_numbers *out);

struct move_options {
	const char *url;	  /* of the target database */
	const char *const *files; /* dumps, in the order they are to be read */
	int nfiles;
	const char *source;  /* URL of the live project; its limited role will do */
	const char *objects; /* folder of bytes, laid out <bucket>/<name>[/<version>], or "s3:…" */
	const struct store_bucket *s3; /* … under this endpoint with these keys; NULL: none */
	const char *source_storage;    /* or the URL of the project's Storage API … */
	str service_key;	       /* … and its service key */
	const char *old_url,
		*new_url;     /* stored files' addresses are rewritten; NULL: they are not */
	const char *app_role; /* whose view of the rows is checked; NULL: the role of url */
	int settle_seconds;   /* how long a row must stand still before it counts as different */
	str anon_key;	/* of the project: tells whether its secret is ours; absent: not looked */
	str jwt_secret; /* seals second factors as the server opens them; absent: not set */
	bool replace;	/* drop what another dump has landed */
	bool again;	/* transform once more, though it has been done */
	bool force;	/* into a database with accounts of its own */

	/* Called now and then; may be NULL. In bytes of the dump, or in steps. */
	void (*progress)(void *arg, const char *what, int64_t done, int64_t total);
	/* While following: how old what has come through is, and how many changes wait. May be NULL. */
	void (*following)(void *arg, int64_t lag_ms, int64_t waiting);
	/* The line to one of the databases is cut, or it has gone away; it is tried again. May be NULL. */
	void (*waiting)(void *arg, const char *problem);
	void *progress_arg;
	int64_t wait_ms; /* how long something may take to come through */
};

/* Reads and transforms what is left to be. False: *problem says why, as in all below. */
bool move_import(struct arena *a, const struct move_options *o, const char **problem);

/* Keeps what was imported up to date with its live source until SIGTERM, and after a cutover the source with what
 * is written here; `once`: until everything that is there now has come through. */
bool move_follow(struct arena *a, const struct move_options *o, bool once, const char **problem);

/* What a command has done and found out. */
struct move_step {
	const char *what;
	bool ok;
	const char *detail;
};
struct move_steps {
	struct move_step *v;
	int n;
	int64_t held_ms; /* how long requests have waited; 0: they have not */
};

/* Makes this side the writer: looks whether everything is ready, holds requests, closes the project to writes,
 * brings over what is left, and answers. Whatever goes wrong before that gives the project back its place.
 * dry_run: does all but the last, and gives it back. *out is filled in any case. */
bool move_cutover(struct arena *a, const struct move_options *o, bool dry_run,
		  struct move_steps *out, const char **problem);

/* Gives the project back its place, with everything that has been written here; also after a cutover that died. */
bool move_rollback(struct arena *a, const struct move_options *o, struct move_steps *out,
		   const char **problem);

/*
 * Watches the servers after a cutover. A rule that has held at every look for `window_us` fires, differing rows
 * at once; before the cutover it takes down how long requests take.
 */
enum watch_rule {
	WATCH_CALM,
	WATCH_ERRORS,  /* more than 5 % of the requests fail, or a server does not answer */
	WATCH_SLOW,    /* the 95th percentile is half as long again as before the cutover */
	WATCH_CORRUPT, /* rows here and in the project are not the same */
};
struct watch_look {
	const char *phase;
	int64_t requests; /* of which errors and p95 are; too few say nothing: 0 */
	double errors;	  /* share */
	int64_t p95_us, baseline_us;
	int64_t compared; /* rows */
	const char *note; /* why something could not be looked at; NULL: everything was */
};
struct watch_alarm {
	enum watch_rule rule;
	const char *what; /* in words */
	bool over;	  /* the rollback has been tried, too */
	bool rolled_back;
};
struct move_watch {
	const char *const *servers; /* addresses of their metrics: URLs, or unix:PATH */
	int nservers;
	int64_t window_us, every_us;
	int64_t for_us;	     /* ends when so much time is over; 0: does not */
	int64_t baseline_us; /* 0: as it was before the cutover */
	bool automatic;	     /* rolls back */
	void (*look)(void *arg, const struct watch_look *look);	   /* after each look */
	void (*alarm)(void *arg, const struct watch_alarm *alarm); /* when a rule fires … */
	void *arg;
};

/* Until a rule fires, the time is over, the move is archived or SIGTERM comes. *out: what has fired, and the
 * steps of the rollback. False: it could not begin, or the rollback failed. */
struct watch_end {
	struct watch_alarm alarm;
	struct move_steps steps;
};
bool move_watch(struct arena *a, const struct move_options *o, const struct move_watch *w,
		struct watch_end *out, const char **problem);

/*
 * Shadow reads: asks both sides what people have asked the project (the gateway's record), as the same people, and
 * compares the answers as JSON, without the order of members and without those that are other ones each time. What
 * is no JSON is compared byte by byte.
 */
enum shadow_outcome {
	SHADOW_SAME,
	SHADOW_DIFFERENT,
	SHADOW_ONLY_THERE, /* 404 here: this path is not answered on this side */
	SHADOW_FAILED,	   /* a side did not answer, or with a 5xx */
};
struct shadow_read {
	const char *path;
	enum shadow_outcome outcome;
	const char *detail; /* where they differ; values are people's own and are not told */
};
struct move_shadow {
	const char *file;	  /* lines of SUPABASE_RECORD; each different one is asked once */
	const char *here, *there; /* base URLs */
	const char
		*ignored; /* further members to be passed over, with commas between; NULL: none */
	int most;	  /* reads; the rest of the file is left */
	void (*tell)(void *arg, const struct shadow_read *read);
	void *arg;
};
struct shadow_sums {
	int n[SHADOW_FAILED + 1];
};
bool move_shadow(struct arena *a, const struct move_options *o, const struct move_shadow *s,
		 struct shadow_sums *out, const char **problem);

/* The end: writes a folder with a dump of the project, the files in `store` and their digests (archive.h), and takes away
 * what the move has made on both sides, but the fence that keeps writes from the project. There is no way back from it. */
struct store;
bool move_archive(struct arena *a, const struct move_options *o, struct store *store,
		  const char *folder, struct move_steps *out, const char **problem);

/* Whether each file of an archive is as it was written; how many there are. */
bool move_archive_check(struct arena *a, const char *folder, int *ret_files, const char **problem);

/* Takes away what has been made on the live source, listed in *out, and in the landing zone; what the app has got stays. */
bool move_abort(struct arena *a, const struct move_options *o, struct move_steps *out,
		const char **problem);

/* A report on the newest run, or on a source before there is one (MOVE_SOURCE), as text or as one JSON object.
 * ret_ok: nothing is wrong. */
enum move_report { MOVE_STATUS, MOVE_INVENTORY, MOVE_SOURCE };
bool move_report(struct arena *a, const struct move_options *o, enum move_report which, bool json,
		 str *out, bool *ret_ok, const char **problem);

/*
 * Compares row by row: the live project with the landing zone, if a source is given, and what the transform
 * makes of the landing zone with what the app has. Then what must hold of the result, and whether the app's
 * role sees all of it. Nothing is changed on either side.
 */
struct move_verdict;
bool move_verify(struct arena *a, const struct move_options *o, const struct move_verdict **out,
		 bool *ret_ok, const char **problem);

/* The verdict as a report; signed by HMAC when the secret is there. */
enum move_format { MOVE_TEXT, MOVE_JSON, MOVE_HTML };
str move_verify_report(struct arena *a, const struct move_verdict *v, enum move_format format,
		       str secret);

/* Whether the report in a file, of any format, was signed with this secret and not a byte of it has changed. */
bool move_report_check(struct arena *a, const char *file, str secret, bool *ret_ours,
		       const char **problem);

/*
 * Copies the bytes of stored objects into the store, as many as are left; each is checked by its size and
 * MD5. What did not come is in three lists in the store: storage-lists/{missing,different,extra}.txt.
 */
struct move_objects {
	int64_t stored, bytes; /* all that are there now */
	int missing, different, extra;
};
bool move_objects(struct arena *a, const struct move_options *o, struct store *store,
		  struct move_objects *out, const char **problem);
