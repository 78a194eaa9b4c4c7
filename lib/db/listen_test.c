/* Hearing what others notify, before and after the connection breaks. */
#include "lib/db/listen.h"

#include "lib/db/pg_test.h"

struct ear {
	int heard, began;
	char last[64];
	struct waiter waiter;
};

static void on_heard(void *arg, str payload)
{
	struct ear *ear = arg;

	if (payload.p) {
		ear->heard++;
		EXPECT_TRUE(payload.n < sizeof(ear->last));
		memcpy(ear->last, payload.p, payload.n + 1);
	} else {
		ear->began++;
	}
	waiter_wake(&ear->waiter);
}

static void hear(struct ear *ear)
{
	EXPECT_OK(waiter_wait(&ear->waiter, time_monotonic() + 5 * SECOND));
}

DB_TEST(what_is_notified_is_heard)
{
	struct ear ear = { 0 };
	struct db_listener *d = db_listen(loop_self(), pg_url(), "odd \"name\"", on_heard, &ear);

	assert_non_null(d);
	hear(&ear);
	EXPECT_EQ(1, ear.began);
	EXPECT_EQ(0, ear.heard);
	pg_sql(pg_url(), "NOTIFY \"odd \"\"name\"\"\", 'hello'; NOTIFY another, 'nothing to us'");
	hear(&ear);
	EXPECT_EQ(1, ear.heard);
	EXPECT_CSTR("hello", ear.last);
	pg_sql(pg_url(), "NOTIFY \"odd \"\"name\"\"\"");
	hear(&ear);
	EXPECT_EQ(2, ear.heard);
	EXPECT_CSTR("", ear.last);
	db_listener_free(d);
}

DB_TEST(after_a_loss_it_listens_again_and_says_so)
{
	struct ear ear = { 0 };
	struct db_listener *d = db_listen(loop_self(), pg_url(), "c", on_heard, &ear);

	hear(&ear);
	pg_sql(pg_url(),
	       "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
	       "WHERE datname = current_database() AND query LIKE 'LISTEN%'");
	hear(&ear);
	EXPECT_EQ(2, ear.began);
	pg_sql(pg_url(), "NOTIFY c, 'again'");
	hear(&ear);
	EXPECT_CSTR("again", ear.last);
	db_listener_free(d);
}

TEST(nobody_to_listen_to_is_no_crash)
{
	struct loop *l = loop_new();
	struct ear ear = { 0 };

	EXPECT_NULL(db_listen(l, "postgresql://[", "c", on_heard, &ear));
	db_listener_free(db_listen(l, "postgresql://127.0.0.1:1/none", "c", on_heard, &ear));
	db_listener_free(NULL);
	loop_free(l);
	EXPECT_EQ(0, ear.began);
}
