/*
 * What goes wrong with a machine, for the processes that have this preloaded (LD_PRELOAD): a disk that is full or
 * slow, a clock that jumps, and a call that fails: the n-th of its class from now on, once.
 *
 * A small file, SOJORN_FAULTS, says what is wrong at the moment: struct faults, written by the tests (faults.mjs)
 * and mapped here, so that it holds for a server's children and from one instant to the next. Everything else goes
 * on to the C library as it came. Calls that the C library makes within itself are not seen.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum class { NONE, MEMORY, SYSTEM, QUERY };

struct faults {
	_Atomic int64_t disk_full;   /* nothing more can be written to regular files */
	_Atomic int64_t flush_delay; /* microseconds that a flush takes longer */
	_Atomic int64_t clock;	     /* microseconds that the wall clock is ahead */
	_Atomic int64_t class;	     /* of the calls that are counted */
	_Atomic int64_t left;	     /* calls until the one that fails; 0: none will */
	_Atomic int64_t counted, failed;
};

static struct faults none, *faults = &none;

__attribute__((constructor)) static void map_faults(void)
{
	const char *path = getenv("SOJORN_FAULTS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p = MAP_FAILED;

	if (fd >= 0)
		p = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		faults = p;
	if (fd >= 0)
		close(fd);
}

/* Is it this call's turn to fail? */
static bool fails(enum class class)
{
	if (atomic_load_explicit(&faults->class, memory_order_relaxed) != (int64_t) class)
		return false;
	atomic_fetch_add(&faults->counted, 1);
	if (atomic_load(&faults->left) <= 0 || atomic_fetch_sub(&faults->left, 1) != 1)
		return false;
	atomic_fetch_add(&faults->failed, 1);
	return true;
}

static bool is_kind(int fd, mode_t kind)
{
	struct stat st;

	return fd > STDERR_FILENO && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

static bool is_file(int fd)
{
	return is_kind(fd, S_IFREG);
}

/* Is it its turn? Only files and sockets: bells (eventfd) always ring. A socket is broken for good then. */
static bool breaks(int fd)
{
	bool socket = is_kind(fd, S_IFSOCK);

	if ((!socket && !is_file(fd)) || !fails(SYSTEM))
		return false;
	if (socket)
		shutdown(fd, SHUT_RDWR);
	return true;
}

static bool is_full(int fd)
{
	return atomic_load_explicit(&faults->disk_full, memory_order_relaxed) && is_file(fd);
}

static void delay(void)
{
	int64_t us = atomic_load_explicit(&faults->flush_delay, memory_order_relaxed);
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	if (us > 0)
		nanosleep(&t, NULL);
}

/* The C library's own function of this name. */
#define REAL(name)                     \
	static __typeof__(&name) real; \
	if (!real)                     \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

/* A function that is a system call to its caller, and how it fails. */
#define CALL(type, name, parameters, arguments, number) \
	type name parameters                            \
	{                                               \
		REAL(name);                             \
		if (fails(SYSTEM)) {                    \
			errno = (number);               \
			return (type)-1;                \
		}                                       \
		return real arguments;                  \
	}

/* The same for one that writes to a file or a socket. */
#define WRITE(type, name, parameters, arguments)                      \
	type name parameters                                          \
	{                                                             \
		REAL(name);                                           \
		bool full = is_full(fd);                              \
		if (full || breaks(fd)) {                             \
			errno = full || is_file(fd) ? ENOSPC : EPIPE; \
			return (type)-1;                              \
		}                                                     \
		return real arguments;                                \
	}

#define FLUSH(name, number)               \
	int name(int fd)                  \
	{                                 \
		REAL(name);               \
		delay();                  \
		if (fails(SYSTEM)) {      \
			errno = (number); \
			return -1;        \
		}                         \
		return real(fd);          \
	}

/* ---- files and sockets ---- */

WRITE(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n))
WRITE(ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at))
WRITE(ssize_t, pwrite64, (int fd, const void *p, size_t n, off64_t at), (fd, p, n, at))
WRITE(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
WRITE(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at))
WRITE(ssize_t, pwritev64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at))
WRITE(ssize_t, send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
WRITE(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
FLUSH(fsync, EIO)
FLUSH(fdatasync, EIO)

/* These say what is wrong by what they return. */
int posix_fallocate(int fd, off_t at, off_t n)
{
	REAL(posix_fallocate);
	return is_full(fd) || fails(SYSTEM) ? ENOSPC : real(fd, at, n);
}

int posix_fallocate64(int fd, off64_t at, off64_t n)
{
	REAL(posix_fallocate64);
	return is_full(fd) || fails(SYSTEM) ? ENOSPC : real(fd, at, n);
}

CALL(ssize_t, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), EIO)
CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol), EMFILE)
CALL(int, connect, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n), ECONNREFUSED)
CALL(int, accept4, (int fd, struct sockaddr *from, socklen_t *n, int flags), (fd, from, n, flags),
     EMFILE)
CALL(int, epoll_wait, (int fd, struct epoll_event *e, int n, int ms), (fd, e, n, ms), EINTR)
CALL(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t n),
     (fd, level, name, value, n), ENOBUFS)
CALL(int, ftruncate, (int fd, off_t n), (fd, n), EIO)
CALL(int, rename, (const char *from, const char *to), (from, to), EIO)
CALL(int, renameat, (int fd, const char *from, int other, const char *to), (fd, from, other, to),
     EIO)
CALL(int, link, (const char *from, const char *to), (from, to), EIO)
CALL(int, linkat, (int fd, const char *from, int other, const char *to, int flags),
     (fd, from, other, to, flags), EIO)
CALL(int, unlink, (const char *path), (path), EIO)
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), ENOSPC)

ssize_t read(int fd, void *p, size_t n)
{
	REAL(read);

	if (breaks(fd)) {
		errno = is_file(fd) ? EIO : ECONNRESET;
		return -1;
	}
	return real(fd, p, n);
}

ssize_t recv(int fd, void *p, size_t n, int flags)
{
	REAL(recv);

	if (breaks(fd)) {
		errno = ECONNRESET;
		return -1;
	}
	return real(fd, p, n, flags);
}

/* Only what is added takes memory. */
int epoll_ctl(int fd, int op, int other, struct epoll_event *e)
{
	REAL(epoll_ctl);

	if (op == EPOLL_CTL_ADD && fails(SYSTEM)) {
		errno = ENOMEM;
		return -1;
	}
	return real(fd, op, other, e);
}

static mode_t mode_of(int flags, va_list rest)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define OPEN(name, parameters, arguments)    \
	int name parameters                  \
	{                                    \
		REAL(name);                  \
		va_list rest;                \
		mode_t mode;                 \
		va_start(rest, flags);       \
		mode = mode_of(flags, rest); \
		va_end(rest);                \
		if (fails(SYSTEM)) {         \
			errno = EMFILE;      \
			return -1;           \
		}                            \
		return real arguments;       \
	}

OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))

/* ---- the clock ---- */

int clock_gettime(clockid_t which, struct timespec *out)
{
	REAL(clock_gettime);
	int64_t ahead = atomic_load_explicit(&faults->clock, memory_order_relaxed), us;
	int result = real(which, out);

	if (ahead && result == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
		us = out->tv_nsec / 1000 + ahead;
		out->tv_sec += us / 1000000 - (us % 1000000 < 0);
		out->tv_nsec = (us % 1000000 + (us % 1000000 < 0 ? 1000000 : 0)) * 1000
			+ out->tv_nsec % 1000;
	}
	return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*out = (struct timeval){ t.tv_sec, t.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out)
		*out = t.tv_sec;
	return t.tv_sec;
}

/* ---- memory ---- */

/* GLib, on which libvips stands, ends the process for want of memory; that is its contract, so what it asks for it
 * gets. */
static uintptr_t glib_begin, glib_end;

static int note_glib(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	if (!strstr(info->dlpi_name, "/libglib-2.0.so"))
		return 0;
	glib_begin = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			glib_end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr
				+ info->dlpi_phdr[i].p_memsz;
	return 1;
}

__attribute__((constructor)) static void find_glib(void)
{
	dl_iterate_phdr(note_glib, NULL);
}

static bool is_glib(const void *caller)
{
	return (uintptr_t)caller >= glib_begin && (uintptr_t)caller < glib_end;
}

#define ALLOCATE(name, parameters, arguments)                                 \
	void *name parameters                                                 \
	{                                                                     \
		REAL(name);                                                   \
		if (!is_glib(__builtin_return_address(0)) && fails(MEMORY)) { \
			errno = ENOMEM;                                       \
			return NULL;                                          \
		}                                                             \
		return real arguments;                                        \
	}

ALLOCATE(malloc, (size_t n), (n))
ALLOCATE(calloc, (size_t n, size_t size), (n, size))
ALLOCATE(realloc, (void *p, size_t n), (p, n))

/* ---- statements ---- */

struct pg_conn;

/* libpq's. In place of the statement whose turn it is the database gets one that it will refuse. */
int PQsendQueryPrepared(struct pg_conn *c, const char *name, int n, const char *const *values,
			const int *lengths, const int *formats, int format);
int PQsendQueryPrepared(struct pg_conn *c, const char *name, int n, const char *const *values,
			const int *lengths, const int *formats, int format)
{
	REAL(PQsendQueryPrepared);
	int (*send_text)(struct pg_conn *, const char *, int, const unsigned *, const char *const *,
			 const int *, const int *, int);

	if (!fails(QUERY))
		return real(c, name, n, values, lengths, formats, format);
	*(void **)&send_text = dlsym(RTLD_DEFAULT, "PQsendQueryParams");
	return send_text(c, "SELECT failed()", 0, NULL, NULL, NULL, NULL, format);
}
