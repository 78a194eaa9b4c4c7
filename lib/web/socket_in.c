/*
 * wslay asks for bytes by a callback and gives its own by another one; here it is made to take what has come and to
 * leave its frames in a buffer. Whether a decoder is idle is found by counting: the frames whose heads were
 * seen must account for every byte that was fed.
 */
#include "lib/web/socket_in.h"

#include <stdlib.h>
#include <wslay/wslay.h>

enum { OUT_MAX = 32 * 1024 }; /* more than the pongs that one piece of input can cause */

struct decoder {
	wslay_event_context_ptr ws;
	const struct decoder_events *on;
	void *arg;
	str in; /* not taken yet */
	uint64_t fed, accounted;
	bool fragments; /* a message's first frame has come, its last has not */
	bool closing;	/* by us */
	bool broken;	/* by a rule that wslay does not know */
};

/* What wslay writes in one go; it belongs to the call that runs. */
static _Thread_local struct {
	size_t n;
	char bytes[OUT_MAX];
} out;

/* ---- callbacks ---- */

static ssize_t give_input(wslay_event_context_ptr ws, uint8_t *buf, size_t size, int flags,
			  void *arg)
{
	struct decoder *d = arg;
	size_t n = d->in.n < size ? d->in.n : size;

	(void)flags;
	if (n == 0) {
		wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	memcpy(buf, d->in.p, n);
	d->in = str_slice(d->in, n, d->in.n);
	d->fed += n;
	return (ssize_t)n;
}

static ssize_t take_output(wslay_event_context_ptr ws, const uint8_t *p, size_t n, int flags,
			   void *arg)
{
	(void)flags, (void)arg;
	if (n > OUT_MAX - out.n) {
		wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	memcpy(out.bytes + out.n, p, n);
	out.n += n;
	return (ssize_t)n;
}

/* A client's head: two bytes, a mask of four, and the length if it does not fit into the first two. */
static size_t head_length(uint64_t payload)
{
	return 6 + (payload < 126 ? 0 : payload < 65536 ? 2 : 8);
}

static void on_head(wslay_event_context_ptr ws, const struct wslay_event_on_frame_recv_start_arg *f,
		    void *arg)
{
	struct decoder *d = arg;

	(void)ws;
	d->accounted += head_length(f->payload_length) + f->payload_length;
	if (!wslay_is_ctrl_frame(f->opcode))
		d->fragments = !f->fin;
	if (f->opcode == WSLAY_CONNECTION_CLOSE && f->payload_length == 1)
		d->broken = true; /* §5.5.1: a code, if there is one, has two bytes */
	d->on->frame(d->arg, f->payload_length);
}

/* Hands over what wslay has to say, in pieces that fit. */
static bool flush(struct decoder *d)
{
	while (wslay_event_want_write(d->ws)) {
		out.n = 0;
		if (wslay_event_send(d->ws) != 0)
			return false;
		if (out.n == 0)
			break;
		d->on->out(d->arg, (str){ out.bytes, out.n });
	}
	return true;
}

static void on_message(wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *m,
		       void *arg)
{
	struct decoder *d = arg;

	if (decoder_is_closing(d))
		return;
	if (m->opcode == WSLAY_BINARY_FRAME) {
		d->closing = true;
		wslay_event_queue_close(ws, WSLAY_CODE_UNSUPPORTED_DATA, NULL, 0);
	}
	if (m->opcode == WSLAY_TEXT_FRAME
	    && flush(d)) /* pongs keep their place before the answer */
		d->on->text(d->arg, (str){ m->msg ? (const char *)m->msg : "", m->msg_length });
}

static const struct wslay_event_callbacks callbacks = {
	.recv_callback = give_input,
	.send_callback = take_output,
	.on_frame_recv_start_callback = on_head,
	.on_msg_recv_callback = on_message,
};

/* ---- the decoder ---- */

struct decoder *decoder_new(const struct decoder_events *on, void *arg, size_t message)
{
	struct decoder *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->on = on;
	d->arg = arg;
	if (wslay_event_context_server_init(&d->ws, &callbacks, d) != 0) {
		free(d);
		return NULL;
	}
	wslay_event_config_set_max_recv_msg_length(d->ws, message);
	return d;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	wslay_event_context_free(d->ws);
	free(d);
}

/* wslay reads no more after a broken rule, but it says goodbye without a code for some of them. */
static bool refuse(struct decoder *d)
{
	static const char goodbye[] = "\x88\x02\x03\xea"; /* 1002 */

	wslay_event_shutdown_read(d->ws);
	wslay_event_shutdown_write(d->ws);
	if (!d->closing)
		d->on->out(d->arg, (str){ goodbye, 4 });
	d->closing = true;
	return true;
}

bool decoder_feed(struct decoder *d, str bytes)
{
	int r;

	d->in = bytes;
	r = wslay_event_recv(d->ws);
	d->in = (str){ 0 };
	if (r == WSLAY_ERR_NOMEM)
		return false;
	return r != 0 || d->broken ? refuse(d) : flush(d);
}

bool decoder_close(struct decoder *d, int code, str reason)
{
	d->closing = true;
	return wslay_event_queue_close(d->ws, (uint16_t)code, (const uint8_t *)reason.p, reason.n)
		== 0
		&& flush(d);
}

bool decoder_is_closing(const struct decoder *d)
{
	return d->closing || !wslay_event_get_read_enabled(d->ws);
}

bool decoder_is_idle(const struct decoder *d)
{
	return d->fed == d->accounted && !d->fragments && !decoder_is_closing(d);
}

bool decoder_is_done(const struct decoder *d)
{
	return !wslay_event_get_read_enabled(d->ws);
}
