/*
 * One socket: its queue of shared frames, written at the end of the loop's turn so that many frames are
 * one system call; one timer, which looks at all time limits whenever the next of them may have passed,
 * and is not touched by traffic; and the way to its end, which is always taken outside of the owner's
 * calls.
 */
#include "lib/web/socket_in.h"
#include "lib/web/upgrade.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	INPUT_SIZE = 16 * 1024, /* taken from a socket in one go */
	WRITE_MAX = 64,		/* frames in one system call */
	PACE_BYTES = 8 * 1024,	/* that count as one frame more */
};

const struct socket_limits socket_usual = {
	.ping = 54 * SECOND,
	.silence = 60 * SECOND,
	.write = 10 * SECOND,
	.goodbye = 5 * SECOND,
	.message = 512 * 1024,
	.queue = 256,
	.in_a_second = 128,
};

/* Frames that wait, oldest first; no memory when there are none. */
struct queue {
	struct frame **v;
	unsigned at, n, cap;
};

struct socket {
	struct upgrade *upgrade;
	struct loop *loop;
	struct watch *watch;
	struct timer *timer;
	struct hook turn_end;
	struct decoder *decoder; /* NULL: nothing is arriving */
	const struct socket_owner *owner;
	void *arg;
	struct queue queue;
	size_t written; /* of the first frame in the queue */
	int fd;
	bool writable_wanted, paused, closing, dead, gone;

	/* monotonic; 0: not running */
	int64_t heard, pinged, blocked, begun, goodbye;
	int64_t second;	 /* when the pace was last counted from, */
	unsigned inside; /* … and the frames since then */
};

/* ---- the queue ---- */

static bool queue_grow(struct queue *q)
{
	unsigned cap = q->cap ? q->cap * 2 : 4;
	struct frame **v = try_malloc(cap * sizeof *v);

	if (!v)
		return false;
	for (unsigned i = 0; i < q->n; i++)
		v[i] = q->v[(q->at + i) % q->cap];
	free(q->v);
	*q = (struct queue){ v, 0, q->n, cap };
	return true;
}

static bool queue_add(struct queue *q, struct frame *f)
{
	if (q->n == q->cap && !queue_grow(q))
		return false;
	q->v[(q->at + q->n++) % q->cap] = frame_hold(f);
	return true;
}

static struct frame *queue_at(const struct queue *q, unsigned i)
{
	return q->v[(q->at + i) % q->cap];
}

static void queue_drop_first(struct queue *q)
{
	frame_drop(q->v[q->at]);
	q->at = (q->at + 1) % q->cap;
	if (--q->n == 0) {
		free(q->v);
		*q = (struct queue){ 0 };
	}
}

/* ---- the end ---- */

static void at_turn_end(struct socket *s)
{
	loop_at_turn_end(s->loop, &s->turn_end);
}

/* Without another word. */
static void die(struct socket *s)
{
	s->dead = true;
	at_turn_end(s);
}

static void socket_free(struct socket *s)
{
	loop_forget(s->loop, &s->turn_end);
	watch_free(s->watch);
	timer_free(s->timer);
	decoder_free(s->decoder);
	while (s->queue.n)
		queue_drop_first(&s->queue);
	s->owner->closed(s->arg);
	free(s);
}

static void finish(struct socket *s)
{
	struct upgrade *u = s->upgrade;
	bool lingers = !s->gone && !s->dead;

	socket_free(s);
	upgrade_end(u, lingers);
}

/* ---- time ---- */

/* When it may send again: a second after the first frame, or what all of them take at the pace. */
static int64_t pace_end(const struct socket *s)
{
	int64_t took = s->inside * SECOND / s->owner->limits->in_a_second;

	return s->second + (took > SECOND ? took : SECOND);
}

/* When the next limit may pass. */
static int64_t next_limit(const struct socket *s)
{
	const struct socket_limits *l = s->owner->limits;
	int64_t next = s->heard + l->silence, ping = s->pinged + l->ping;

	if (s->goodbye)
		return s->goodbye + l->goodbye;
	next = ping < next ? ping : next;
	if (s->blocked && s->blocked + l->write < next)
		next = s->blocked + l->write;
	if (s->begun && s->begun + l->silence < next)
		next = s->begun + l->silence;
	if (s->paused && pace_end(s) < next)
		next = pace_end(s);
	return next;
}

static void set_timer(struct socket *s)
{
	int64_t left = next_limit(s) - time_monotonic();

	timer_set(s->timer, left > 0 ? left : 0);
}

static void want(struct socket *s)
{
	watch_set(s->watch, (s->paused ? 0 : WATCH_READ) | (s->writable_wanted ? WATCH_WRITE : 0));
}

static bool is_over(const struct socket *s, int64_t now)
{
	const struct socket_limits *l = s->owner->limits;

	if (s->goodbye)
		return now >= s->goodbye + l->goodbye;
	return now >= s->heard + l->silence || (s->blocked && now >= s->blocked + l->write)
		|| (s->begun && now >= s->begun + l->silence);
}

/* A quiet socket is pinged; any frame is a sign of life, but the ping's time is kept all the same. */
static void ping(struct socket *s, int64_t now)
{
	struct frame *f = frame_new(FRAME_PING, S(""));

	s->pinged = now;
	if (f)
		socket_send(s, f);
	frame_drop(f);
}

static void on_timer(void *arg)
{
	struct socket *s = arg;
	int64_t now = time_monotonic();

	if (is_over(s, now)) {
		die(s);
		return;
	}
	if (!s->goodbye && now >= s->pinged + s->owner->limits->ping)
		ping(s, now);
	if (s->paused && now >= pace_end(s)) {
		s->paused = false;
		s->heard = now; /* it was we who did not listen */
		want(s);
	}
	set_timer(s);
}

/* ---- writing ---- */

static void written(struct socket *s, size_t n)
{
	while (s->queue.n) {
		size_t left = queue_at(&s->queue, 0)->n - s->written;

		if (n < left) {
			s->written += n;
			return;
		}
		n -= left;
		s->written = 0;
		queue_drop_first(&s->queue);
	}
}

/* As much of the queue as one system call takes; bytes, or -1. */
static ssize_t write_some(struct socket *s)
{
	struct iovec iov[WRITE_MAX];
	struct msghdr m = { .msg_iov = iov };
	size_t skip = s->written;

	for (unsigned i = 0; i < s->queue.n && i < WRITE_MAX; i++) {
		struct frame *f = queue_at(&s->queue, i);

		iov[m.msg_iovlen++] = (struct iovec){ f->bytes + skip, f->n - skip };
		skip = 0;
	}
	return sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The first time that nothing goes, the clock starts; whatever goes restarts it. */
static void on_blocked(struct socket *s, bool some)
{
	if (some || !s->blocked)
		s->blocked = time_monotonic();
	if (s->writable_wanted)
		return;
	s->writable_wanted = true;
	want(s);
	set_timer(s);
}

static void flush(struct socket *s)
{
	bool some = false;
	ssize_t n = 0;

	while (s->queue.n && (n = write_some(s)) > 0) {
		written(s, (size_t)n);
		some = true;
	}
	if (s->queue.n && n < 0 && errno != EAGAIN && errno != EINTR) {
		s->dead = true;
		return;
	}
	if (s->queue.n) {
		on_blocked(s, some);
		return;
	}
	s->blocked = 0;
	if (s->writable_wanted) {
		s->writable_wanted = false;
		want(s);
	}
}

/* What the turn has queued goes out; then the socket ends, if it is at its end. */
static void turn_end(void *arg)
{
	struct socket *s = arg;

	if (!s->dead)
		flush(s);
	if (s->dead || (s->queue.n == 0 && s->decoder && decoder_is_done(s->decoder)))
		finish(s);
}

/* Only frames that cannot be written count against the peer, not many in one turn. */
static void enqueue(struct socket *s, struct frame *f)
{
	if (s->queue.n >= s->owner->limits->queue)
		flush(s);
	if (s->queue.n >= s->owner->limits->queue || !queue_add(&s->queue, f))
		s->dead = true;
	at_turn_end(s);
}

void socket_send(struct socket *s, struct frame *f)
{
	if (!s->closing && !s->dead)
		enqueue(s, f);
}

unsigned socket_queued(const struct socket *s)
{
	return s->queue.n;
}

/* ---- reading ---- */

/* What comes in faster than the pace waits in the kernel. */
static void on_frame(void *arg, size_t payload)
{
	struct socket *s = arg;
	int64_t now = time_monotonic();
	size_t cost = 1 + payload / PACE_BYTES;

	if (now >= pace_end(s)) {
		s->second = now;
		s->inside = 0;
	}
	s->inside += cost < s->owner->limits->in_a_second ? (unsigned)cost
							  : s->owner->limits->in_a_second;
	if (s->inside >= s->owner->limits->in_a_second && !s->paused) {
		s->paused = true;
		want(s);
		set_timer(s);
	}
}

static void on_text(void *arg, str message)
{
	struct socket *s = arg;

	if (!s->closing && !s->dead)
		s->owner->text(s->arg, message);
}

/* Pongs and closes that wslay has encoded: whole frames. */
static void on_out(void *arg, str bytes)
{
	struct socket *s = arg;
	struct frame *f = s->dead ? NULL : frame_raw(bytes);

	if (f)
		enqueue(s, f);
	else
		die(s);
	frame_drop(f);
}

static const struct decoder_events decoder_events = { on_text, on_frame, on_out };

static bool open_decoder(struct socket *s)
{
	if (!s->decoder)
		s->decoder = decoder_new(&decoder_events, s, s->owner->limits->message);
	return s->decoder != NULL;
}

/* The clock of a goodbye starts with the first one, whoever says it. */
static void note_goodbye(struct socket *s)
{
	if (s->goodbye || !s->decoder || !decoder_is_closing(s->decoder))
		return;
	s->closing = true;
	s->goodbye = time_monotonic();
	set_timer(s);
	at_turn_end(s);
}

/* After input: a decoder with nothing in it goes, one with a part of a message has time to get the rest. */
static void settle(struct socket *s)
{
	if (decoder_is_idle(s->decoder)) {
		decoder_free(s->decoder);
		s->decoder = NULL;
		s->begun = 0;
	} else if (!s->begun) {
		s->begun = s->heard;
	}
	note_goodbye(s);
}

static void feed(struct socket *s, str bytes)
{
	s->heard = time_monotonic();
	if (open_decoder(s) && decoder_feed(s->decoder, bytes))
		settle(s);
	else
		die(s);
}

static void on_readable(struct socket *s)
{
	static _Thread_local char input[INPUT_SIZE];
	ssize_t n = recv(s->fd, input, sizeof input, MSG_DONTWAIT);

	if (n > 0) {
		feed(s, (str){ input, (size_t)n });
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	s->gone = true;
	die(s);
}

static void on_ready(void *arg, int ready)
{
	struct socket *s = arg;

	if (s->dead)
		return;
	if (ready == WATCH_READ)
		on_readable(s);
	else
		at_turn_end(s);
}

/* ---- the beginning ---- */

static void begin(void *arg, struct upgrade *u, int fd, str early)
{
	struct socket *s = arg;

	s->upgrade = u;
	s->fd = fd;
	s->heard = s->pinged = time_monotonic();
	s->watch = watch_new(s->loop, fd, on_ready, s);
	s->timer = timer_new(s->loop, on_timer, s);
	if (!s->watch || !s->timer) {
		finish(s);
		return;
	}
	want(s);
	set_timer(s);
	s->owner->opened(s->arg, s);
	if (early.n && !s->dead)
		feed(s, early);
}

static void never(void *arg)
{
	socket_free(arg);
}

static void stop(void *arg, bool now)
{
	struct socket *s = arg;

	if (now)
		finish(s);
	else if (s->owner->stop)
		s->owner->stop(s->arg);
	else
		socket_close(s, 1001, S("the server is ending"));
}

static const struct upgrade_owner upgrade_owner = { begin, never, stop };

err socket_start(struct req *r, const struct socket_owner *owner, void *arg)
{
	struct socket *s = calloc(1, sizeof *s);
	err e;

	if (!s)
		return err_no_memory;
	*s = (struct socket){ .loop = r->loop,
			      .turn_end = { .fn = turn_end, .arg = s },
			      .owner = owner,
			      .arg = arg };
	e = reply_upgrade(r, "websocket", &upgrade_owner, s);
	if (e.info)
		free(s);
	return e;
}

void socket_close(struct socket *s, int code, str reason)
{
	if (s->closing || s->dead)
		return;
	if (open_decoder(s) && decoder_close(s->decoder, code, reason))
		note_goodbye(s);
	else
		die(s);
}
