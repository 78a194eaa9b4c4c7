/* The stream of events: numbers, order, retention. */
#include "app/events/events.h"

#include "app/events/events.sql.h"
#include "test/harness/harness.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- numbers and order ---- */

enum { WRITERS = 12, EACH = 20 };

struct stream {
	struct t_user ann, bob;
	int failed[WRITERS], holes[WRITERS];
};

/* The statement's only value, or -1. */
static int value(PGconn *c, const char *sql)
{
	PGresult *r = PQexec(c, sql);
	int n = PQntuples(r) == 1 ? atoi(PQgetvalue(r, 0, 0)) : -1;

	PQclear(r);
	return n;
}

/* Half of them tell both people, in either order, and the rest one; whoever looks meanwhile sees every
 * number up to the last. */
static void tell_and_look(int i, void *arg)
{
	struct stream *s = arg;
	PGconn *c = PQconnectdb(t_database_url());
	const char *ann = s->ann.id, *bob = s->bob.id;
	char tell[300], look[200];

	snprintf(look, sizeof(look),
		 "SELECT max(seq) - count(*) FROM user_events WHERE user_id = '%s'", ann);
	for (int n = 0; n < EACH; n++) {
		if (i % 2)
			snprintf(tell, sizeof(tell),
				 "SELECT emit_all(ARRAY['%s', '%s', '%s']::uuid[], 'test', '{}')",
				 i % 4 == 1 ? ann : bob, i % 4 == 1 ? bob : ann, ann);
		else
			snprintf(tell, sizeof(tell),
				 "SELECT emit('%s', 'test', '{\"by\": %d, \"n\": %d}')", ann, i, n);
		s->failed[i] += value(c, tell) < 1;
		s->holes[i] += value(c, look) != 0;
	}
	PQfinish(c);
}

TEST(events_of_a_user_are_numbered_without_gaps_in_the_order_of_commits)
{
	struct stream s = { .ann = t_user("ann"), .bob = t_user("bob") };

	t_parallel(WRITERS, tell_and_look, &s);
	for (int i = 0; i < WRITERS; i++)
		EXPECT_EQ(0, s.failed[i] + s.holes[i]);
	EXPECT_EQ(WRITERS * EACH,
		  t_sql_int("SELECT last_seq FROM user_event_heads WHERE user_id = '%s'",
			    s.ann.id));
	EXPECT_EQ(WRITERS / 2 * EACH,
		  t_sql_int("SELECT max(seq) FROM user_events WHERE user_id = '%s'", s.bob.id));
	EXPECT_EQ(0, /* one writer's own are in his order */
		  t_sql_int("SELECT count(*) FROM user_events a JOIN user_events b USING (user_id)"
			    " WHERE user_id = '%s' AND a.seq < b.seq"
			    "   AND a.payload->'by' = b.payload->'by'"
			    "   AND a.payload->'n' > b.payload->'n'",
			    s.ann.id));
}

TEST(an_event_whose_cause_is_rolled_back_leaves_no_gap)
{
	struct t_user ann = t_user("ann");

	t_sql("SELECT emit('%s', 'one', '{}')", ann.id);
	t_sql("BEGIN; SELECT emit('%s', 'undone', '{}'); ROLLBACK", ann.id);
	t_sql("SELECT emit('%s', 'two', '{}')", ann.id);
	EXPECT_CSTR("one 1, two 2",
		    t_sql("SELECT string_agg(kind || ' ' || seq, ', ' ORDER BY seq)"
			  "  FROM events_after('%s', 0)",
			  ann.id));
	EXPECT_CSTR("two", t_sql("SELECT kind FROM events_after('%s', 1)", ann.id));
}

static long long news_since(const struct t_user *who, const char *snapshot)
{
	return t_sql_int(
		"SELECT count(*) FROM user_events WHERE user_id = '%s'"
		"   AND tx >= pg_snapshot_xmin('%s') AND NOT pg_visible_in_snapshot(tx, '%s')",
		who->id, snapshot, snapshot);
}

/* What a listener does: each commit shows up in exactly one look. */
TEST(looks_by_snapshot_show_each_event_once)
{
	struct t_user ann = t_user("ann");
	const char *before = t_sql("SELECT pg_current_snapshot()"), *after;

	t_sql("SELECT emit('%s', 'test', '{}')", ann.id);
	after = t_sql("SELECT pg_current_snapshot()");
	EXPECT_EQ(1, news_since(&ann, before));
	EXPECT_EQ(0, news_since(&ann, after));
}

/* ---- how long they stay ---- */

TEST(the_newest_ten_thousand_events_stay)
{
	struct t_user ann = t_user("ann");

	t_sql("SELECT emit('%s', 'test', '{}') FROM generate_series(1, 10003)", ann.id);
	EXPECT_CSTR("4 10003 10000",
		    t_sql("SELECT concat_ws(' ', min(seq), max(seq), count(*))"
			  "  FROM user_events WHERE user_id = '%s'",
			  ann.id));
}

TEST(events_of_last_week_go_and_numbers_go_on)
{
	struct t_user ann = t_user("ann");

	t_sql("SELECT emit('%s', 'test', '{}') FROM generate_series(1, 5)", ann.id);
	t_sql("UPDATE user_events SET created_at = now() - interval '8 days'"
	      " WHERE user_id = '%s' AND seq <= 3",
	      ann.id);
	t_sql("PREPARE trim AS %s; EXECUTE trim (100000)", sql_events_trim.text);
	t_sql("SELECT emit('%s', 'test', '{}')", ann.id);
	EXPECT_CSTR("4, 5, 6",
		    t_sql("SELECT string_agg(seq::text, ', ' ORDER BY seq) FROM user_events"
			  " WHERE user_id = '%s'",
			  ann.id));
}

TEST(events_go_with_the_account)
{
	struct t_user ann = t_user("ann");

	t_sql("SELECT emit('%s', 'test', '{}')", ann.id);
	t_sql("DELETE FROM users WHERE id = '%s'", ann.id);
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM user_events WHERE user_id = '%s'", ann.id));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM user_event_heads WHERE user_id = '%s'", ann.id));
}

static int woken;

static void note(void)
{
	woken++;
}

TEST(whoever_listens_is_woken)
{
	events_wake();
	events_listen(note);
	events_wake();
	events_listen(NULL);
	events_wake();
	EXPECT_EQ(1, woken);
}
