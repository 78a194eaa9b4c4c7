/* Lists of passwords nobody may choose. */
#include "lib/base/guessed.h"

#include "lib/base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

TEST(what_is_on_the_list_is_found_in_any_case)
{
	char path[] = "/tmp/sojorn-guessed.XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");
	const char *problem = NULL;
	struct guessed *g;

	fputs("#!comment: the commonest\n123456\r\nPassword\n\n  letmein \n", f);
	for (int i = 0; i < 1000; i++)
		fprintf(f, "n%d\n", i * i);
	fputs("the last one has no end", f);
	fclose(f);
	g = guessed_read(path, &problem);
	unlink(path);
	EXPECT_TRUE(g != NULL);
	EXPECT_TRUE(guessed_has(g, S("123456")));
	EXPECT_TRUE(guessed_has(g, S("passWORD")));
	EXPECT_TRUE(guessed_has(g, S("letmein")));
	EXPECT_TRUE(guessed_has(g, S("n998001")));
	EXPECT_TRUE(guessed_has(g, S("the last one has no end")));
	EXPECT_FALSE(guessed_has(g, S("")));
	EXPECT_FALSE(guessed_has(g, S("1234567")));
	EXPECT_FALSE(guessed_has(g, S("#!comment: the commonest")));
	EXPECT_FALSE(guessed_has(g,
				 S("0123456789012345678901234567890123456789"
				   "0123456789012345678901234567890123456789")));
	guessed_free(g);
}

TEST(without_a_list_nothing_is_on_it)
{
	const char *problem = NULL;

	EXPECT_NULL(guessed_read("/nowhere/at/all", &problem));
	EXPECT_CSTR("No such file or directory", problem);
	EXPECT_FALSE(guessed_has(NULL, S("123456")));
	guessed_free(NULL);
}
