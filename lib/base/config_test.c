#include "lib/base/config.h"

#include "lib/base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option table[] = {
	{ "T_URL", OPT_STR, .secret = true, .help = "where the database is" },
	{ "T_HOST", OPT_STR, "localhost", .help = "name of the host" },
	{ "T_PORT", OPT_INT, "8080", .min = 1, .max = 65535, .help = "port" },
	{ "T_ANY", OPT_INT, .help = "any number" },
	{ "T_RATES", OPT_BOOL, "on", .help = "limit rates" },
	{ "T_ENV", OPT_ENUM, "development", .one_of = "development|production",
	  .help = "strictness" },
	{ "T_LIST", OPT_LIST, .help = "origins" },
	{ "T_WAIT", OPT_DURATION, "10s", .help = "patience" },
	{ "T_SIZE", OPT_SIZE, "64k", .help = "largest body" },
	{ "T_PIN", OPT_INT, .secret = true, .help = "secret number" },
	{ 0 },
};

static char file_name[] = "/tmp/sojorn-config-XXXXXX";
enum { PATH_LENGTH = sizeof(file_name) - 1 };

static void write_env(const char *text, size_t n)
{
	int fd = mkstemp(file_name);

	EXPECT_TRUE(fd >= 0);
	EXPECT_EQ(n, write(fd, text, n));
	close(fd);
}

static struct config *load(const char *env)
{
	const char *problem = NULL;
	struct config *c = NULL;

	if (env)
		write_env(env, strlen(env));
	if (!config_load(&c, table, env ? file_name : NULL, &problem))
		fail_msg("%s", problem);
	if (env)
		unlink(file_name);
	return c;
}

static const char *problem_of(const char *env, size_t n)
{
	const char *problem = NULL;
	struct config *c;

	write_env(env, n);
	if (config_load(&c, table, file_name, &problem))
		fail_msg("accepted: %s", env);
	unlink(file_name);
	memcpy(file_name, "/tmp/sojorn-config-XXXXXX", sizeof(file_name));
	return problem;
}

/* A problem names the file, which here is a temporary one: ".env" stands for its path. */
static void expect_problem_in(const char *want, const char *problem)
{
	const char *at = strstr(want, ".env"), *path = strstr(problem, "/tmp/sojorn-config-");
	char text[512];

	EXPECT_TRUE(at && path);
	snprintf(text, sizeof(text), "%.*s%.*s%s", (int)(at - want), want, PATH_LENGTH, path,
		 at + strlen(".env"));
	EXPECT_CSTR(text, problem);
}

static void expect_problem(const char *want, const char *env)
{
	expect_problem_in(want, problem_of(env, strlen(env)));
}

TEST(defaults)
{
	struct config *c = load(NULL);

	EXPECT_NULL(config_str(c, "T_URL").p);
	EXPECT_NULL(config_cstr(c, "T_URL"));
	EXPECT_CSTR("localhost", config_cstr(c, "T_HOST"));
	EXPECT_EQ(8080, config_int(c, "T_PORT"));
	EXPECT_EQ(0, config_int(c, "T_ANY"));
	EXPECT_TRUE(config_bool(c, "T_RATES"));
	EXPECT_TRUE(config_is(c, "T_ENV", "development"));
	EXPECT_FALSE(config_is(c, "T_ENV", "production"));
	EXPECT_EQ(10000000, config_int(c, "T_WAIT"));
	EXPECT_EQ(65536, config_int(c, "T_SIZE"));
	EXPECT_CSTR("default", config_source(c, "T_URL"));
	EXPECT_CSTR("default", config_source(c, "T_PORT"));
	config_free(c);
	config_free(NULL);
}

TEST(the_syntax_of_env_files)
{
	struct config *c =
		load("# a comment\r\n"
		     "\n"
		     "  T_URL = postgres://u:p#w@h/db?a=b   # behind\r\n"
		     "export T_HOST=\"a \\\"b\\\" \\\\ \\$x \\n\\r\\t \\q # no comment\" # one\n"
		     "export\tT_LIST='https://a, \"https://b\"\\n'\n"
		     "T_PORT=1\n"
		     "T_PORT=2\n"
		     "T_ENV=#empty\n"
		     "T_ANY=\n"
		     "T_WAIT=\"\"\n"
		     "OTHER.x_1=${T_PORT}\n"
		     "T_SIZE=1M");

	EXPECT_CSTR("postgres://u:p#w@h/db?a=b", config_cstr(c, "T_URL"));
	EXPECT_CSTR("a \"b\" \\ $x \n\r\t \\q # no comment", config_cstr(c, "T_HOST"));
	EXPECT_CSTR("https://a, \"https://b\"\\n", config_cstr(c, "T_LIST"));
	EXPECT_EQ(2, config_int(c, "T_PORT"));
	EXPECT_CSTR(file_name, config_source(c, "T_PORT"));
	EXPECT_TRUE(config_is(c, "T_ENV", "development"));
	EXPECT_EQ(10000000, config_int(c, "T_WAIT"));
	EXPECT_EQ(1048576, config_int(c, "T_SIZE"));
	config_free(c);
}

TEST(the_environment_wins)
{
	struct config *c;

	setenv("T_PORT", "3", 1);
	setenv("T_HOST", "", 1);
	c = load("T_PORT=2\nT_HOST=file\n");
	EXPECT_EQ(3, config_int(c, "T_PORT"));
	EXPECT_CSTR("environment", config_source(c, "T_PORT"));
	EXPECT_CSTR("file", config_cstr(c, "T_HOST"));
	config_free(c);
}

TEST(a_bad_value_in_the_environment_is_named)
{
	const char *problem;
	struct config *c;

	setenv("T_PORT", "http", 1);
	EXPECT_FALSE(config_load(&c, table, NULL, &problem));
	EXPECT_CSTR("T_PORT (environment) must be a whole number, not \"http\"", problem);
}

TEST(broken_env_files)
{
	expect_problem(".env, line 2: there is no =", "T_PORT=1\nT_HOST\n");
	expect_problem(".env, line 1: what stands before the = is no name", "T HOST=1");
	expect_problem(".env, line 1: what stands before the = is no name", "=1");
	expect_problem(".env, line 1: what stands before the = is no name", "1T=1");
	expect_problem(".env, line 3: the quote is not closed", "\n\nT_HOST=\"x\nT_PORT=1");
	expect_problem(".env, line 1: the quote is not closed", "T_HOST='");
	expect_problem(".env, line 1: the quote is not closed", "T_HOST=\"x\\\"");
	expect_problem(".env, line 1: the quote is not closed", "T_HOST=\"x\\");
	expect_problem(".env, line 1: there is something behind the closing quote",
		       "T_HOST=\"x\"y");
	expect_problem_in(".env, line 1: there is a NUL character", problem_of("T_HOST=a\0b", 10));
}

TEST(bad_values_name_option_and_remedy)
{
	expect_problem("T_PORT (.env) must be a whole number, not \"http\"", "T_PORT=http");
	expect_problem("T_PORT (.env) must be between 1 and 65535, not \"0\"", "T_PORT=0");
	expect_problem("T_PORT (.env) must be between 1 and 65535, not \"65536\"", "T_PORT=65536");
	expect_problem("T_RATES (.env) must be true or false, not \"maybe\"", "T_RATES=maybe");
	expect_problem("T_ENV (.env) must be one of development|production, not \"dev\"",
		       "T_ENV=dev");
	expect_problem("T_WAIT (.env) must be a time like 500ms, 10s or 2h, not \"10 years\"",
		       "T_WAIT=10 years");
	expect_problem("T_WAIT (.env) must be a time like 500ms, 10s or 2h, not \"s\"", "T_WAIT=s");
	expect_problem("T_WAIT (.env) must be a time like 500ms, 10s or 2h, not \"-1s\"",
		       "T_WAIT=-1s");
	expect_problem("T_SIZE (.env) must be a size like 64k or 10M, not \"9223372036854775807k\"",
		       "T_SIZE=9223372036854775807k");
	expect_problem("T_PIN (.env) must be a whole number", "T_PIN=hunter2");
}

TEST(files_that_cannot_be_read)
{
	static char big[1024 * 1024 + 2];
	const char *problem;
	struct config *c;

	EXPECT_FALSE(config_load(&c, table, "/tmp", &problem));
	EXPECT_CSTR("/tmp cannot be read: Is a directory", problem);
	EXPECT_FALSE(config_load(&c, table, "/dev/null/env", &problem));
	EXPECT_CSTR("/dev/null/env cannot be read: Not a directory", problem);
	EXPECT_TRUE(config_load(&c, table, "/nonexistent/.env", &problem));
	config_free(c);
	memset(big, '\n', sizeof(big));
	EXPECT_TRUE(strstr(problem_of(big, sizeof(big)), "it is larger than a megabyte") != NULL);
}

TEST(units)
{
	static const struct {
		const char *text;
		int64_t want;
	} times[] = { { "7", 7000000 },	       { "5us", 5 },	     { "500ms", 500000 },
		      { "10 s", 10000000 },    { "15m", 900000000 }, { "2H", 7200000000 },
		      { "30d", 2592000000000 } },
	  sizes[] = { { "7", 7 },	 { "5b", 5 },	     { "64k", 65536 },
		      { "1 KiB", 1024 }, { "2MB", 2097152 }, { "1G", 1073741824 } };
	const char *problem;
	struct config *c = load(NULL);

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		EXPECT_TRUE(config_set(c, "T_WAIT", times[i].text, &problem));
		EXPECT_EQ(times[i].want, config_int(c, "T_WAIT"));
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		EXPECT_TRUE(config_set(c, "T_SIZE", sizes[i].text, &problem));
		EXPECT_EQ(sizes[i].want, config_int(c, "T_SIZE"));
	}
	config_free(c);
}

TEST(overrides)
{
	static const char *const yes[] = { "true", "on", "yes", "1" };
	static const char *const no[] = { "false", "off", "no", "0" };
	const char *problem;
	struct config *c = load(NULL);

	for (int i = 0; i < 4; i++) {
		EXPECT_TRUE(config_set(c, "T_RATES", no[i], &problem));
		EXPECT_FALSE(config_bool(c, "T_RATES"));
		EXPECT_TRUE(config_set(c, "T_RATES", yes[i], &problem));
		EXPECT_TRUE(config_bool(c, "T_RATES"));
	}
	EXPECT_CSTR("override", config_source(c, "T_RATES"));
	EXPECT_FALSE(config_set(c, "T_PORT", "x", &problem));
	EXPECT_CSTR("T_PORT (override) must be a whole number, not \"x\"", problem);
	EXPECT_EQ(8080, config_int(c, "T_PORT"));
	EXPECT_FALSE(config_set(c, "T_NONE", "x", &problem));
	EXPECT_CSTR("there is no option called T_NONE", problem);
	config_free(c);
}

TEST(a_bad_default_is_found)
{
	static const struct option wrong[] = {
		{ .name = "T_X", .kind = OPT_INT, .default_value = "x" },
		{ 0 }
	};
	const char *problem;
	struct config *c;

	EXPECT_FALSE(config_load(&c, wrong, NULL, &problem));
	EXPECT_CSTR("T_X (default) must be a whole number, not \"x\"", problem);
}

TEST(dumps_mask_secrets)
{
	const char *problem;
	struct config *c = load(NULL);
	struct arena *a = arena_new();
	const char *text, *json;

	EXPECT_TRUE(config_set(c, "T_URL", "postgres://u:hunter2@h/db", &problem));
	text = arena_cstr(a, config_dump(c, a, false));
	json = arena_cstr(a, config_dump(c, a, true));
	EXPECT_NULL(strstr(text, "hunter2"));
	EXPECT_NULL(strstr(json, "hunter2"));
	EXPECT_TRUE(strstr(text, "# where the database is\nT_URL=********  # override\n") != NULL);
	EXPECT_TRUE(strstr(text, "# any number\n# T_ANY=  # default\n") != NULL);
	EXPECT_TRUE(strstr(json,
			   "{\"name\":\"T_URL\",\"value\":\"********\",\"source\":\"override\","
			   "\"default\":null,\"kind\":\"string\",\"one_of\":null,\"secret\":true,"
			   "\"help\":\"where the database is\"}")
		    != NULL);
	EXPECT_TRUE(strstr(json,
			   "\"name\":\"T_ENV\",\"value\":\"development\",\"source\":\"default\","
			   "\"default\":\"development\",\"kind\":\"enum\","
			   "\"one_of\":\"development|production\"")
		    != NULL);
	arena_free(a);
	config_free(c);
}
