/*
 * The protocol of cutover and rollback (docs/decisions/0013-the-gate.md), for Spin. Servers, clients' requests,
 * replication and the command that switches run in any order; servers and the command may crash between
 * any two steps; a server may fall silent or stop for as long as it likes between letting a request through and
 * what that request writes.
 *
 * Checked: at no moment can both sides take a write; whoever becomes the writer has every write that was
 * acknowledged; no request is refused while nothing has crashed or fallen silent; each command ends, as often as it
 * may have crashed, with this side live or the project back in charge.
 *
 * One thing is taken from the clocks: the database gives a server up (gave_up) only when its lease has run out.
 *
 * -DWITHOUT_FENCE, _GUARD, _DRAIN, _ACKS leave a part of the protocol out; test/model/run sees that each is missed.
 */
#ifndef REQUESTS
#define REQUESTS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef COMMANDS
#define COMMANDS 2
#endif
#define SERVERS 2

mtype = { UPSTREAM, HELD, HERE, NOBODY };

/* ---- what survives a crash: the gate's row, the servers' rows, both databases ---- */
mtype state = UPSTREAM;
mtype writer = UPSTREAM;
mtype phase = UPSTREAM;	/* the run's: where a command that fails goes to */
byte epoch = 1;
byte told_epoch[SERVERS];
byte told_busy[SERVERS];
bool gave_up[SERVERS];
bool source_closed;
bool at_source[REQUESTS];
bool at_target[REQUESTS];

/* ---- what does not: a server's memory ---- */
mtype side[SERVERS];
byte known[SERVERS];
byte busy[SERVERS];
bool lease[SERVERS];
byte life[SERVERS];

/* ---- the observer's ---- */
bool acknowledged[REQUESTS];
byte crashes;
bool disturbed;
bool finished;

#define has_told(s) (gave_up[s] || (told_epoch[s] == epoch && told_busy[s] == 0))
#define all_told    (has_told(0) && has_told(1))

/* ---- a server: its keeper's beats, and what befalls it ---- */
active [SERVERS] proctype server()
{
	byte me = _pid;

	side[me] = HELD;
end:	do
	:: atomic { /* one statement, which locks the gate's row */
		told_epoch[me] = known[me];
		told_busy[me] = busy[me];
		gave_up[me] = false;
		lease[me] = true;
		side[me] = state;
		known[me] = epoch;
	}
	:: atomic { lease[me] && !finished -> lease[me] = false; disturbed = true }
	:: atomic { !lease[me] && !gave_up[me] && !finished -> gave_up[me] = true }
	:: atomic {
		crashes < CRASHES -> crashes++;
		disturbed = true;
		side[me] = HELD;
		known[me] = 0;
		busy[me] = 0;
		lease[me] = false;
		life[me]++;
	}
	od
}

/* ---- a client's write, through one of the servers ---- */
proctype request(byte w)
{
	byte s;
	byte its_life;
	mtype to;
	bool done = false;

	if
	:: s = 0
	:: s = 1
	fi;
end:	atomic {
		(side[s] == UPSTREAM && lease[s]) || side[s] == HERE ->
		to = side[s];
		busy[s]++;
		its_life = life[s];
	}
	/* here the server may stop, or die while what it has sent is on its way */
	atomic {
		if
		:: to == UPSTREAM && !source_closed ->
			assert(writer != HERE); /* two writers */
			at_source[w] = true;
			done = true
#ifdef WITHOUT_GUARD
		:: to == HERE ->
#else
		:: to == HERE && writer == HERE -> /* the guard's lock makes look and commit one */
#endif
			assert(writer == HERE); /* two writers */
			at_target[w] = true;
			done = true
		:: else -> assert(disturbed) /* refused for no reason */
		fi;
		if
		:: done -> acknowledged[w] = true
		:: true /* the client never hears of it */
		fi;
		if
		:: its_life == life[s] -> busy[s]--
		:: else
		fi
	}
}

/* ---- follow, and the reverse ---- */
#define missing(w, from, to) (from[w] && !to[w])

active proctype replication()
{
end:	do
	:: atomic { missing(0, at_source, at_target) -> at_target[0] = true }
	:: atomic { missing(0, at_target, at_source) -> at_source[0] = true }
#if REQUESTS > 1
	:: atomic { missing(1, at_source, at_target) -> at_target[1] = true }
	:: atomic { missing(1, at_target, at_source) -> at_source[1] = true }
#endif
#if REQUESTS > 2
	:: atomic { missing(2, at_source, at_target) -> at_target[2] = true }
	:: atomic { missing(2, at_target, at_source) -> at_source[2] = true }
#endif
	od
}

#if REQUESTS > 2
#define every(what, from, to) (what(0, from, to) && what(1, from, to) && what(2, from, to))
#elif REQUESTS > 1
#define every(what, from, to) (what(0, from, to) && what(1, from, to))
#else
#define every(what, from, to) what(0, from, to)
#endif
#define there(w, from, to) (!from[w] || to[w])
#define drained(from, to)  every(there, from, to)

/* ---- the commands: the same one again, or the other one, after a crash ---- */
#define MAY_CRASH                                                                \
	if                                                                       \
	:: atomic { crashes < CRASHES -> crashes++; disturbed = true; goto again } \
	:: true                                                                  \
	fi

inline hold()
{
	atomic {
		if
		:: state == HELD
		:: else -> state = HELD; epoch++
		fi
	}
}

inline wait_and_seal()
{
	atomic {
#ifndef WITHOUT_ACKS
		writer == NOBODY || all_told ->
#endif
		if
		:: writer == NOBODY
		:: else -> writer = NOBODY; epoch++
		fi
	}
}

/* Whoever is the writer from now on must have all that was acknowledged. */
#define OPEN(to, rows)                                                   \
	atomic {                                                         \
		assert(every(there, acknowledged, rows)); /* a write is lost */ \
		state = to;                                              \
		writer = to;                                             \
		phase = to;                                              \
		epoch++                                                  \
	}

active proctype command()
{
	byte n = 0;

	atomic {
		run request(0);
#if REQUESTS > 1
		run request(1);
#endif
#if REQUESTS > 2
		run request(2);
#endif
	}
again:	do
	:: n == COMMANDS -> break
	:: n < COMMANDS && state != HELD -> n++ /* the one that has been done already */
	:: n < COMMANDS && state != HERE && phase == UPSTREAM -> /* cutover */
		hold();
		MAY_CRASH;
#ifndef WITHOUT_ACKS
		writer == NOBODY || all_told;
		MAY_CRASH;
#endif
#ifndef WITHOUT_FENCE
		source_closed = true;
		MAY_CRASH;
#endif
		wait_and_seal();
		MAY_CRASH;
#ifndef WITHOUT_DRAIN
		drained(at_source, at_target);
		MAY_CRASH;
#endif
		OPEN(HERE, at_target);
		n++
	:: n < COMMANDS && state != UPSTREAM && phase == HERE -> /* rollback */
		hold();
		MAY_CRASH;
		wait_and_seal();
		MAY_CRASH;
#ifndef WITHOUT_DRAIN
		drained(at_target, at_source);
		MAY_CRASH;
#endif
		phase = UPSTREAM;
		MAY_CRASH;
		source_closed = false;
		MAY_CRASH;
		OPEN(UPSTREAM, at_source);
		n++
	:: n < COMMANDS && state == HELD && phase == UPSTREAM -> /* a cutover that failed, or a rollback past its last step here */
		source_closed = false;
		MAY_CRASH;
		OPEN(UPSTREAM, at_source);
		n++
	:: n < COMMANDS && state == HELD && phase == HERE -> /* a rollback that failed */
		OPEN(HERE, at_target);
		n++
	od;
	assert(state != HELD);
	finished = true
}

#ifdef LIVENESS
ltl every_command_ends { <> finished }
#endif
