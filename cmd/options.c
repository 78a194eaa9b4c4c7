/*
 * Every option. The names are those of the backend before this one, so that its `.env` works as it is.
 * An option without a default is unset until somebody sets it.
 */
#include "cmd/options.h"

#include <stdio.h>
#include <unistd.h>

#define SYSTEM_FILE "/etc/sojorn/sojorn.env"

static const struct option program_options[] = {
	{ "DATABASE_URL", OPT_STR, .secret = true, .help = "libpq URL of the database" },
	{ "MIGRATOR_DATABASE_URL", OPT_STR, .secret = true,
	  .help = "the same as the role that owns the schema, for migrations; default DATABASE_URL" },
	{ "MIGRATE_LOCK_TIMEOUT", OPT_DURATION, "2s",
	  .help = "how long a migration waits for a lock, before it lets others by and tries again" },
	{ "MIGRATE_STATEMENT_TIMEOUT", OPT_DURATION, "15m",
	  .help = "after which a statement of a migration is given up; 0: never" },
	{ "DATABASE_REPLICA_URLS", OPT_LIST, .secret = true,
	  .help = "libpq URLs of read-only copies" },
	{ "DB_SHARED", OPT_INT, "4", .min = 1, .max = 64,
	  .help = "connections a loop shares among its requests" },
	{ "DB_LEASED", OPT_INT, "4", .min = 1, .max = 64,
	  .help = "further ones for transactions and slow statements" },

	{ "PORT", OPT_INT, "8080", .min = 1, .max = 65535, .help = "port of the API" },
	{ "BIND", OPT_STR, "127.0.0.1", .help = "address the API listens on" },
	{ "ADMIN_ADDR", OPT_STR, "127.0.0.1:8081",
	  .help = "address and port of metrics, health and the operator's console" },
	{ "LOOPS", OPT_INT, "0", .min = 0, .max = 64, .help = "event loops; 0: one a core" },
	{ "CONNECTIONS", OPT_INT, "10000", .min = 64, .max = 1000000,
	  .help = "open sockets of clients at most" },
	{ "IDLE_TIMEOUT", OPT_DURATION, "75s", .help = "after which a silent socket is closed" },
	{ "REQUEST_TIMEOUT", OPT_DURATION, "10s",
	  .help = "a request that takes longer gets a 503" },
	{ "SHUTDOWN_GRACE", OPT_DURATION, "20s",
	  .help = "for requests under way when the server is told to end" },
	{ "ENV", OPT_ENUM, "development", .one_of = "development|production",
	  .help = "production turns the strict defaults on" },
	{ "LOG_LEVEL", OPT_ENUM, "info", .one_of = "debug|info|warn|error",
	  .help = "least important line that is logged" },
	{ "ACCESS_LOG", OPT_BOOL, "off",
	  .help = "a line for every request, not for failures only" },
	{ "LOG_FORMAT", OPT_ENUM, "logfmt", .one_of = "logfmt|json", .help = "form of log lines" },

	{ "JWT_SECRET", OPT_STR, .secret = true,
	  .help = "signs access tokens; at least 32 bytes, required in production" },
	{ "CORS_ORIGINS", OPT_LIST,
	  .help = "origins browsers may call from; * allows any, localhost is allowed in "
		  "development" },
	{ "TRUSTED_PROXIES", OPT_LIST, "127.0.0.1/8, ::1",
	  .help = "addresses whose X-Forwarded-For is believed" },
	{ "RATE_LIMITS", OPT_BOOL, "on",
	  .help = "off for benches and tests; must be on in production" },
	{ "PASSWORD_LIST", OPT_STR,
	  .help = "file of passwords nobody may choose, one a line; john-data has one" },
	{ "ALTCHA_REQUIRED", OPT_BOOL,
	  .help = "proof of work at sign-up and sign-in; default on in production only" },
	{ "ALTCHA_HMAC_KEY", OPT_STR, .secret = true,
	  .help = "signs proof-of-work challenges; default derived from JWT_SECRET" },

	{ "API_BASE_URL", OPT_STR, .help = "where clients reach this API; used in links" },
	{ "APP_BASE_URL", OPT_STR, .help = "where the app's pages are; used in links" },

	{ "SMTP_HOST", OPT_STR, .help = "mail server" },
	{ "SMTP_PORT", OPT_INT, "587", .min = 1, .max = 65535, .help = "its port" },
	{ "SMTP_USER", OPT_STR, .help = "name to sign in with; unset: without" },
	{ "SMTP_PASS", OPT_STR, .secret = true, .help = "password to sign in with" },
	{ "SMTP_FROM", OPT_STR, .help = "sender of mails: Name <address>" },
	{ "MAIL_DIR", OPT_STR,
	  .help = "mails are written here as files instead; .local/mail in development "
		  "without SMTP_HOST" },

	{ "FIREBASE_CREDENTIALS_FILE", OPT_STR, .help = "service account for push messages" },
	{ "FCM_BASE_URL", OPT_STR, "https://fcm.googleapis.com",
	  .help = "where push messages are sent" },

	{ "UPLOAD_DIR", OPT_STR, "/opt/sojorn/uploads", .help = "uploaded media on disk" },
	{ "R2_ACCOUNT_ID", OPT_STR, .help = "Cloudflare account; gives the endpoint" },
	{ "R2_ENDPOINT", OPT_STR, .help = "any S3 endpoint; set: media go there, not to the disk" },
	{ "R2_REGION", OPT_STR, "auto", .help = "its region; R2 calls all of them auto" },
	{ "R2_ACCESS_KEY", OPT_STR, .secret = true, .help = "S3 access key" },
	{ "R2_SECRET_KEY", OPT_STR, .secret = true, .help = "S3 secret key" },
	{ "R2_MEDIA_BUCKET", OPT_STR, .help = "bucket of images" },
	{ "R2_VIDEO_BUCKET", OPT_STR, .help = "bucket of videos" },
	{ "R2_IMG_DOMAIN", OPT_STR, .help = "domain images are served from" },
	{ "R2_VID_DOMAIN", OPT_STR, .help = "domain videos are served from" },
	{ "R2_PUBLIC_BASE_URL", OPT_STR, .help = "public URL of the media" },

	{ "MEDIA_SIGNING_SECRET", OPT_STR, .secret = true,
	  .help = "media are read by signed addresses alone, which last a day; nginx's location "
		  "/uploads/ must go then" },
	{ "IMAGE_PROXY_HOSTS", OPT_LIST, "web.archive.org, i.imgur.com, media.giphy.com",
	  .help = "other hosts whose pictures may be shown, and are passed on by /image-proxy" },
	{ "PREVIEW_PRIVATE", OPT_BOOL, "off",
	  .help = "previews and pictures may come from private addresses, too: for tests; "
		  "refused in production" },

	{ "SUPABASE_COMPAT", OPT_BOOL, "off", .help = "answer the paths of Supabase, too" },
	{ "SUPABASE_UPSTREAM", OPT_STR,
	  .help = "URL of the project these are passed on to until the cutover" },
	{ "SUPABASE_HOLD", OPT_DURATION, "15s",
	  .help = "how long a request waits at most while the writer changes" },
	{ "SUPABASE_TIMEOUT", OPT_DURATION, "3m",
	  .help = "how long the project may be silent before a request is answered by 504; its functions may take 150 s" },
	{ "SUPABASE_RECORD", OPT_STR,
	  .help = "file to which reads that are passed on are written, without tokens, for `supabase shadow`" },
	{ "SUPABASE_ANON_KEY", OPT_STR, .secret = true, .help = "the project's public key" },
	{ "SUPABASE_SERVICE_KEY", OPT_STR, .secret = true, .help = "the project's service key" },
	{ "SUPABASE_JWKS", OPT_STR,
	  .help = "file with the public keys of a project that signs by ES256, RS256 or EdDSA, as its "
		  "/auth/v1/.well-known/jwks.json gives them" },
	{ "SUPABASE_S3_ENDPOINT", OPT_STR,
	  .help = "S3 that `supabase objects --objects s3:…` reads: the project's (…/storage/v1/s3), or any other" },
	{ "SUPABASE_S3_REGION", OPT_STR, "us-east-1", .help = "its region" },
	{ "SUPABASE_S3_ACCESS_KEY", OPT_STR, .help = "its access key" },
	{ "SUPABASE_S3_SECRET_KEY", OPT_STR, .secret = true, .help = "its secret key" },
	{ "SUPABASE_REDIRECT_URLS", OPT_LIST,
	  .help = "patterns of addresses that mailed links may lead to, beside APP_BASE_URL; * stands "
		  "for all but . and /, ** for anything" },

	{ "REDIS_URL", OPT_STR, .secret = true,
	  .help = "redis://[:password@]host[:port][/database] or unix:///path: what copies of the "
		  "server tell each other; not needed for one copy" },

	{ "BACKUP_DIR", OPT_STR, .help = "where `sojorn backup` keeps what it makes" },
	{ "BACKUP_KEY", OPT_STR, .secret = true,
	  .help = "encrypts backups of the database; without it they are lost" },
	{ "BACKUP_S3_BUCKET", OPT_STR,
	  .help = "a bucket that backups go to; BACKUP_DIR then has logs and lists only" },
	{ "BACKUP_S3_ENDPOINT", OPT_STR, .help = "its server: https://host[:port]" },
	{ "BACKUP_S3_REGION", OPT_STR, "us-east-1",
	  .help = "its region; R2 calls all of them auto" },
	{ "BACKUP_S3_ACCESS_KEY", OPT_STR, .secret = true, .help = "its access key" },
	{ "BACKUP_S3_SECRET_KEY", OPT_STR, .secret = true, .help = "its secret key" },
	{ "BACKUP_KEEP", OPT_INT, "2", .min = 1, .max = 100, .help = "full backups that are kept" },
	{ "BACKUP_DATABASE_URL", OPT_STR, .secret = true,
	  .help = "the cluster as a superuser, on its own machine; default DATABASE_URL" },

	{ "SOJORN_DEV_DIR", OPT_STR, ".local", .help = "where `sojorn dev` keeps its data" },
	{ "SOJORN_DEV_USER", OPT_STR, "sojorn-dev",
	  .help = "account of its PostgreSQL, when root runs it" },
	{ "PG_BIN", OPT_STR,
	  .help = "folder of PostgreSQL's programs; default the newest version with PostGIS" },
	{ 0 },
};

struct config *options_load(void)
{
	struct config *c = NULL;
	const char *problem, *file = NULL;

	if (access(".env", F_OK) == 0)
		file = ".env";
	else if (access(SYSTEM_FILE, R_OK) == 0) /* others get theirs from the service manager */
		file = SYSTEM_FILE;
	if (config_load(&c, program_options, file, &problem))
		return c;
	fprintf(stderr, "sojorn: %s\n", problem);
	return NULL;
}
