#include "lib/base/err.h"

#include "lib/base/arena.h"
#include "lib/base/test.h"

TEST(success_is_no_error)
{
	EXPECT_TRUE(err_is(OK, OK));
	EXPECT_FALSE(err_is(OK, err_invalid));
	EXPECT_FALSE(err_is(err_invalid, OK));
}

TEST(errors_differ_by_code)
{
	EXPECT_TRUE(err_is(err_deadline, err_deadline));
	EXPECT_FALSE(err_is(err_deadline, err_unavailable));
}

TEST(a_detail_keeps_code_and_status)
{
	struct arena *a = arena_new();
	char field[] = "handle";
	err e = err_detail(a, err_conflict, field, "%s is taken", "@ann");

	field[0] = '?';
	EXPECT_TRUE(err_is(e, err_conflict));
	EXPECT_FALSE(err_is(e, err_invalid));
	EXPECT_EQ(409, e.info->status);
	EXPECT_CSTR("@ann is taken", e.info->message);
	EXPECT_CSTR("handle", e.info->field);
	e = err_detail(a, e, NULL, "taken");
	EXPECT_NULL(e.info->field);
	EXPECT_TRUE(err_is(err_conflict, e));
	arena_free(a);
}

static err second_step_fails(int *steps)
{
	++*steps;
	TRY(OK);
	++*steps;
	TRY(err_io);
	++*steps;
	return OK;
}

TEST(try_returns_the_first_error)
{
	int steps = 0;

	EXPECT_TRUE(err_is(second_step_fails(&steps), err_io));
	EXPECT_EQ(2, steps);
}
