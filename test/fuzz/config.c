/*
 * Configuration files: a value is taken as its kind and within its range, or the problem names the option; secrets
 * are in no printout, and the printout is JSON.
 */
#include "lib/base/config.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct option table[] = {
	{ "FUZZ_TEXT", OPT_STR, "text", .help = "x" },
	{ "FUZZ_SECRET", OPT_STR, .secret = true },
	{ "FUZZ_NUMBER", OPT_INT, "5", .min = 1, .max = 65535 },
	{ "FUZZ_BOOL", OPT_BOOL, "off", .help = "x" },
	{ "FUZZ_ENUM", OPT_ENUM, "one", .one_of = "one|two" },
	{ "FUZZ_LIST", OPT_LIST, .help = "x" },
	{ "FUZZ_TIME", OPT_DURATION, "10s", .min = 0, .max = 1000000000 },
	{ "FUZZ_SIZE", OPT_SIZE, .help = "x" },
	{ 0 },
};

static void check(const struct config *c)
{
	struct arena *a = arena_new();
	str secret = config_str(c, "FUZZ_SECRET"), json = config_dump(c, a, true),
	    text = config_dump(c, a, false);
	json_t *read = json_loadb(json.p, json.n, 0, NULL);

	assert(config_int(c, "FUZZ_NUMBER") >= 1 && config_int(c, "FUZZ_NUMBER") <= 65535);
	assert(config_int(c, "FUZZ_TIME") >= 0 && config_int(c, "FUZZ_TIME") <= 1000000000);
	assert(config_int(c, "FUZZ_SIZE") >= 0);
	assert(config_is(c, "FUZZ_ENUM", "one") || config_is(c, "FUZZ_ENUM", "two"));
	assert(json_array_size(read) == sizeof(table) / sizeof(*table) - 1);
	if (secret.n >= 16 && str_find(config_str(c, "FUZZ_TEXT"), secret) < 0
	    && str_find(config_str(c, "FUZZ_LIST"), secret) < 0)
		assert(str_find(text, secret) < 0);
	json_decref(read);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct config *c = NULL;
	const char *problem = NULL;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (config_load(&c, table, path, &problem))
		check(c);
	else
		assert(problem && strlen(problem) > 5);
	config_free(c);
	close(fd);
	return 0;
}
