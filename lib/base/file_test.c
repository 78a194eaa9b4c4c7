/* Files of every size around the pieces they are read in. */
#include "lib/base/file.h"

#include "lib/base/test.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

TEST(a_small_file_is_read_whole_or_not_at_all)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8192, 10000 };
	static char bytes[10000];
	char path[] = "/tmp/sojorn-file.XXXXXX";
	int fd = mkstemp(path);
	struct arena *a = arena_new();
	str text;

	EXPECT_TRUE(fd >= 0);
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		EXPECT_EQ(0, ftruncate(fd, 0));
		EXPECT_EQ(sizes[i], pwrite(fd, bytes, sizes[i], 0));
		EXPECT_TRUE(file_read(a, path, sizes[i], &text));
		EXPECT_EQ(sizes[i], text.n);
		EXPECT_MEM(bytes, text.p, text.n);
		EXPECT_EQ('\0', text.p[text.n]);
		EXPECT_TRUE(sizes[i] == 0 || !file_read(a, path, sizes[i] - 1, &text));
		EXPECT_TRUE(sizes[i] == 0 || errno == EFBIG);
	}
	close(fd);
	unlink(path);
	EXPECT_FALSE(file_read(a, path, 10, &text));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_FALSE(file_read(a, "/tmp", 10, &text));
	EXPECT_TRUE(file_read(a, "/proc/self/stat", 4096, &text));
	EXPECT_TRUE(text.n > 0);
	arena_free(a);
}
