/* Runs a fuzz target on files: NAME FILE... */
#include "test/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static int run_file(const char *path)
{
	FILE *f = fopen(path, "re");
	uint8_t *data;
	long size;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0) {
		perror(path);
		return EXIT_FAILURE;
	}
	rewind(f);
	data = malloc((size_t)size + 1); /* exactly sized for the sanitizer, but never of no size */
	if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) {
		perror(path);
		return EXIT_FAILURE;
	}
	fclose(f);
	data = realloc(data, size ? (size_t)size : 1);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (run_file(argv[i]) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
