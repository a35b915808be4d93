/*
 * Connections. The first bytes tell what one is, once (RFC 7983 in spirit): 0x16
 * is TLS, and then the first decrypted bytes tell; "GET " is HTTP; 0x00 and 0x01
 * are STUN; everything else is closed, ChannelData among it. Who may stay is for
 * the machine to say: it is told of each one, and says which to close.
 *
 * Invariants: a message is written whole or not at all. The kernel is asked to
 * hold little that is unsent, and little waits here, so that what is relayed to a
 * slow reader is dropped while it is fresh. A connection may be closed whenever
 * the machine was fed: after that `fd` is looked at again.
 */
#define _GNU_SOURCE
#include "streams.h"

#include "adapters/udp/sockaddr.h"

#include <altair/error.h>
#include <altair/udp.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#define BACKLOG 1024
/* A handshake of TLS takes a millisecond: datagrams get their turn soon. */
#define READY_MAX 16
/* Of one listener, and of one connection, before others get their turn. */
#define ACCEPTS_MAX 32
#define READS_MAX 4
/* When the system has no descriptor left the listeners rest for so long. */
#define REST ALTAIR_MSEC(100)
#define UNSENT_MAX 16384      /* bytes in the kernel */
#define USER_TIMEOUT_MS 30000 /* of bytes that nobody acknowledges */

/* Events of listeners and of tunnels have this added to their index, those of a
 * tunnel's inner side both of these. */
#define LISTENER (1u << 31)
#define TUNNEL (1u << 30)
#define INNER (1u << 29)

/* --- listening ------------------------------------------------------------ */

static int open_error(int error)
{
	switch (error) {
	case EADDRINUSE:
		return ALTAIR_E_IN_USE;
	case EADDRNOTAVAIL:
	case EINVAL:
	case ENODEV:
		return ALTAIR_E_ADDRESS;
	case EACCES:
	case EPERM:
		return ALTAIR_E_PERMISSION;
	case EAFNOSUPPORT:
		return ALTAIR_E_FAMILY;
	default:
		return ALTAIR_E_SYSTEM;
	}
}

static bool set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* Accepted connections inherit all of it. One is not readable before it has the
 * four bytes that tell what it is, or its end. */
static bool prepare(int fd, const altair_addr *local, enum streams_share share)
{
	return (local->family != ALTAIR_IPV6 ||
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
	       set(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
	       (share != STREAMS_ONE_MORE ||
		set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
	       set(fd, SOL_SOCKET, SO_RCVLOWAT, 4) &&
	       set(fd, IPPROTO_TCP, TCP_NODELAY, 1) &&
	       set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX) &&
	       set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
}

int air_streams_listen(struct streams *s, const altair_addr *local,
		       enum streams_share share)
{
	union air_sockaddr addr;
	socklen_t len = air_sockaddr_set(&addr, local);
	int fd, rc = 0;

	fd = socket(addr.any.sa_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return open_error(errno);
	/* The first one binds as if alone, to notice another program. */
	if (!prepare(fd, local, share) || bind(fd, &addr.any, len) != 0 ||
	    (share == STREAMS_FIRST_OF_MORE &&
	     !set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) ||
	    listen(fd, BACKLOG) != 0)
		rc = open_error(errno);
	if (rc == 0)
		s->listeners[s->listens++] = fd;
	else
		close(fd);
	return rc;
}

int air_streams_adopt(struct streams *s, int fd)
{
	/* What else there is to say of a listener was said when it was bound. */
	if (!set(fd, SOL_SOCKET, SO_RCVLOWAT, 4) ||
	    !set(fd, IPPROTO_TCP, TCP_NODELAY, 1) ||
	    !set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX) ||
	    !set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS)) {
		close(fd);
		return ALTAIR_E_SYSTEM;
	}
	s->listeners[s->listens++] = fd;
	return 0;
}

static bool watch(const struct streams *s, int operation, int fd,
		  struct epoll_event event)
{
	return epoll_ctl(s->epoll, operation, fd, &event) == 0;
}

static bool watch_listeners(struct streams *s, int operation, uint32_t events)
{
	bool is_done = true;

	for (uint32_t i = 0; i < s->listens; i++)
		is_done &=
			watch(s, operation, s->listeners[i],
			      (struct epoll_event){.events = events,
						   .data.u32 = LISTENER + i});
	return is_done;
}

/* --- memory --------------------------------------------------------------- */

/* Pages that are never used cost nothing. NULL: there is no memory. */
static uint8_t *take_pages(size_t len)
{
	void *pages = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

/* Of a tunnel, both directions. */
static size_t tunnel_len(const struct streams *s)
{
	return (size_t)TUNNEL_IN_MAX + s->queue_max;
}

static bool take_tunnels(struct streams *s)
{
	s->tunnel_buffers = take_pages(s->count * tunnel_len(s));
	s->tunnels = calloc(s->count, sizeof *s->tunnels);
	if (!s->tunnel_buffers || !s->tunnels)
		return false;
	for (uint32_t i = 0; i < s->count; i++) {
		s->tunnels[i].inner = -1;
		s->tunnels[i].in = s->tunnel_buffers + i * tunnel_len(s);
		s->tunnels[i].outer.out = s->tunnels[i].in + TUNNEL_IN_MAX;
	}
	return true;
}

static bool take_memory(struct streams *s)
{
	s->buffers = take_pages(s->count * s->queue_max);
	s->all = calloc(s->count, sizeof *s->all);
	s->free = calloc(s->count, sizeof *s->free);
	s->dirty = calloc(s->count, sizeof *s->dirty);
	return s->buffers && s->all && s->free && s->dirty;
}

int air_streams_open(struct streams *s, size_t max)
{
	s->count = (uint32_t)max + 1;
	if (!take_memory(s) || (s->http && !take_tunnels(s)))
		return ALTAIR_E_MEMORY;
	for (uint32_t i = 0; i < s->count; i++) {
		s->all[i].fd = -1;
		s->all[i].out = s->buffers + i * s->queue_max;
		s->free[i] = s->count - 1 - i;
	}
	s->free_count = s->count;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0 || !watch_listeners(s, EPOLL_CTL_ADD, EPOLLIN))
		return ALTAIR_E_SYSTEM;
	return 0;
}

void air_streams_close(struct streams *s)
{
	for (uint32_t i = 0; s->all && i < s->count; i++)
		if (s->all[i].fd >= 0)
			air_connection_close(&s->all[i]);
	for (uint32_t i = 0; s->tunnels && i < s->count; i++)
		if (s->tunnels[i].inner >= 0)
			air_tunnel_close(&s->tunnels[i]);
	for (size_t i = 0; i < s->listens; i++)
		close(s->listeners[i]);
	if (s->epoll >= 0)
		close(s->epoll);
	if (s->buffers)
		munmap(s->buffers, s->count * s->queue_max);
	if (s->tunnel_buffers)
		munmap(s->tunnel_buffers, s->count * tunnel_len(s));
	free(s->tunnels);
	free(s->all);
	free(s->free);
	free(s->dirty);
}

/* --- the end of a connection ---------------------------------------------- */

static uint32_t sock_of(uint32_t i)
{
	return ALTAIR_SERVER_STREAM + i;
}

static void release(struct streams *s, uint32_t i)
{
	air_connection_close(&s->all[i]);
	s->free[s->free_count++] = i;
}

/* The machine is told, and to be polled afterwards. */
static void lose(struct streams *s, uint32_t i)
{
	altair_server_lost(s->server, sock_of(i));
	release(s, i);
	s->has_lost = true;
}

/* Whoever sees the end finds it counted. */
static void end(struct streams *s, uint32_t i)
{
	altair_server_lost(s->server, sock_of(i));
	s->feed(s->worker, NULL, 0);
	release(s, i);
}

void air_streams_shut(struct streams *s, uint32_t sock)
{
	struct connection *c = &s->all[sock - ALTAIR_SERVER_STREAM];

	if (c->fd < 0)
		return;
	/* It may be told why. */
	(void)air_connection_flush(c);
	release(s, sock - ALTAIR_SERVER_STREAM);
}

/* --- output --------------------------------------------------------------- */

static void watch_writes(struct streams *s, uint32_t i, bool wanted)
{
	struct connection *c = &s->all[i];
	uint32_t events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;

	if (c->watches_writes == wanted)
		return;
	c->watches_writes = wanted;
	watch(s, EPOLL_CTL_MOD, c->fd,
	      (struct epoll_event){.events = events, .data.u32 = i});
}

/* What is broken is noticed when it is read. */
static void flush(struct streams *s, uint32_t i)
{
	bool is_whole = air_connection_flush(&s->all[i]);

	watch_writes(s, i, is_whole && s->all[i].waiting > 0);
}

void air_streams_flush(struct streams *s)
{
	for (uint32_t k = 0; k < s->dirty_count; k++) {
		struct connection *c = &s->all[s->dirty[k]];

		if (c->is_dirty && c->fd >= 0)
			flush(s, s->dirty[k]);
		c->is_dirty = false;
	}
	s->dirty_count = 0;
}

/* ChannelData, or a Data indication: what may be lost on the way. */
static bool is_data(altair_bytes message)
{
	return message.len >= 2 &&
	       ((message.data[0] & 0xc0) == 0x40 ||
		(message.data[0] == 0x00 && message.data[1] == 0x17));
}

/* One message. False: the connection is over. */
static bool write_message(struct streams *s, uint32_t i, altair_bytes message)
{
	struct connection *c = &s->all[i];
	bool may_drop = is_data(message);
	size_t most = c->out_max - (may_drop ? CONNECTION_RESERVE : 0);
	int error = air_connection_write(c, message, most);

	if (error == ALTAIR_E_AGAIN) {
		flush(s, i);
		error = air_connection_write(c, message, most);
	}
	if (error == 0 || (error == ALTAIR_E_AGAIN && may_drop))
		return true;
	lose(s, i);
	return false;
}

void air_streams_send(struct streams *s, const altair_datagram *datagram)
{
	uint32_t i = datagram->path.sock - ALTAIR_SERVER_STREAM;
	altair_bytes left = datagram->bytes, next;
	size_t segment = datagram->segment ? datagram->segment : left.len;

	while (left.len > 0 && s->all[i].fd >= 0) {
		next = left;
		if (next.len > segment)
			next.len = segment;
		left.data += next.len;
		left.len -= next.len;
		if (!write_message(s, i, next))
			return;
	}
	if (s->all[i].fd >= 0 && !s->all[i].is_dirty) {
		s->all[i].is_dirty = true;
		s->dirty[s->dirty_count++] = i;
	}
}

/* --- input ---------------------------------------------------------------- */

/* True for what waits for nothing and changes nothing but counters: many such
 * are one batch. */
static bool is_relayed(altair_bytes message)
{
	return (message.data[0] & 0xc0) == 0x40 ||
	       (message.data[0] == 0x00 && message.data[1] == 0x16);
}

static bool lies_in(altair_bytes part, altair_bytes whole)
{
	return (uintptr_t)part.data >= (uintptr_t)whole.data &&
	       (uintptr_t)part.data < (uintptr_t)whole.data + whole.len;
}

static void take_stun(struct streams *s, uint32_t i, altair_bytes bytes)
{
	altair_bytes in = bytes;
	size_t count = 0;
	int got;

	while ((got = altair_server_unframe(s->server, sock_of(i), &in,
					    &s->batch[count])) == 1) {
		altair_bytes message = s->batch[count++].bytes;

		if (count < STREAMS_BATCH && is_relayed(message) &&
		    lies_in(message, bytes))
			continue;
		s->feed(s->worker, s->batch, count);
		count = 0;
		if (s->all[i].fd < 0)
			return;
	}
	if (count > 0)
		s->feed(s->worker, s->batch, count);
	if (got < 0 && s->all[i].fd >= 0)
		end(s, i);
}

static void take_http(struct streams *s, uint32_t i, altair_bytes bytes)
{
	struct connection *c = &s->all[i];
	altair_bytes answer = air_page_take(&c->page, bytes);

	if (answer.len == 0)
		return;
	if (air_connection_write(c, answer, c->out_max) == 0 &&
	    air_connection_flush(c))
		shutdown(c->fd, SHUT_WR);
	end(s, i);
}

/* What the first four bytes stand for. False: nothing of ours. */
static bool tell(struct connection *c, const uint8_t head[4])
{
	if (memcmp(head, "GET ", 4) == 0)
		c->kind = CONNECTION_SPEAKS_HTTP;
	else if (head[0] <= 0x01)
		c->kind = CONNECTION_SPEAKS_STUN;
	return c->kind != CONNECTION_IS_NEW;
}

static void take_told(struct streams *s, uint32_t i, altair_bytes bytes)
{
	if (s->all[i].kind == CONNECTION_SPEAKS_STUN)
		take_stun(s, i, bytes);
	else
		take_http(s, i, bytes);
}

/* --- tunnels -------------------------------------------------------------- */

static struct tunnel *find_tunnel(struct streams *s)
{
	for (uint32_t k = 0; k < s->count; k++) {
		struct tunnel *t = &s->tunnels[s->next_tunnel];

		s->next_tunnel = (s->next_tunnel + 1) % s->count;
		if (t->inner < 0)
			return t;
	}
	return NULL;
}

static void watch_tunnel(struct streams *s, struct tunnel *t)
{
	uint32_t id = TUNNEL + (uint32_t)(t - s->tunnels);
	uint32_t outer = air_tunnel_outer_events(t);
	uint32_t inner = air_tunnel_inner_events(t);

	if (outer != t->outer_events)
		watch(s, EPOLL_CTL_MOD, t->outer.fd,
		      (struct epoll_event){.events = outer, .data.u32 = id});
	if (inner != t->inner_events && !t->is_cut)
		watch(s, EPOLL_CTL_MOD, t->inner,
		      (struct epoll_event){.events = inner,
					   .data.u32 = id | INNER});
	t->outer_events = outer;
	t->inner_events = inner;
}

/* False: it has just left. */
static bool name_client(int fd, altair_addr *out)
{
	union air_sockaddr from;
	socklen_t len = sizeof from;

	if (getpeername(fd, &from.any, &len) != 0)
		return false;
	air_sockaddr_get(out, &from);
	return true;
}

/* HTTP within TLS: the program gets an end of a tunnel. */
static void dig(struct streams *s, uint32_t i, altair_bytes said)
{
	altair_addr from;
	bool is_known = name_client(s->all[i].fd, &from);
	struct tunnel *t = is_known ? find_tunnel(s) : NULL;
	int fd = t ? air_tunnel_open(t, &s->all[i], said) : -1;

	end(s, i);
	if (fd < 0)
		return;
	if (!watch(s, EPOLL_CTL_ADD, t->inner,
		   (struct epoll_event){.events = 0})) {
		air_tunnel_close(t);
		close(fd);
		return;
	}
	watch_tunnel(s, t);
	s->http(s->http_user, fd, &from, ALTAIR_SERVE_DECRYPTED);
}

static void serve_tunnel(struct streams *s, uint32_t id, uint32_t events)
{
	struct tunnel *t = &s->tunnels[id & (INNER - 1)];
	bool is_inner = id & INNER, is_broken = false;

	/* It may have been closed by what came before. */
	if (t->inner < 0)
		return;
	if (!is_inner)
		is_broken = events & (EPOLLHUP | EPOLLERR);
	else if ((events & EPOLLHUP) && !t->is_cut &&
		 watch(s, EPOLL_CTL_DEL, t->inner, (struct epoll_event){0}))
		air_tunnel_cut(t);
	if (is_broken || !air_tunnel_move(t, s->chunk, sizeof s->chunk))
		air_tunnel_close(t);
	else
		watch_tunnel(s, t);
}

/* Bytes that nobody has seen yet, decrypted. */
static void take_plain(struct streams *s, uint32_t i, altair_bytes bytes)
{
	struct connection *c = &s->all[i];

	while (c->kind == CONNECTION_IS_NEW && bytes.len > 0) {
		c->head[c->head_len++] = *bytes.data++;
		bytes.len--;
		if (c->head_len < sizeof c->head)
			continue;
		if (!tell(c, c->head)) {
			end(s, i);
			return;
		}
		if (c->kind == CONNECTION_SPEAKS_HTTP && s->http) {
			dig(s, i, bytes);
			return;
		}
		take_told(s, i, (altair_bytes){c->head, sizeof c->head});
	}
	if (bytes.len > 0 && c->fd >= 0)
		take_told(s, i, bytes);
}

/* Empties the session; below 0 when it is over. */
static int read_session(struct streams *s, uint32_t i)
{
	struct connection *c = &s->all[i];
	int len;

	while (c->fd >= 0 && (len = c->tls->read(c->session, s->plain,
						 sizeof s->plain)) != 0) {
		if (len < 0)
			return len;
		take_plain(s, i, (altair_bytes){s->plain, (size_t)len});
	}
	return 0;
}

static void take(struct streams *s, uint32_t i, altair_bytes bytes)
{
	struct connection *c = &s->all[i];
	bool was_open;
	int error;

	if (!c->session) {
		take_told(s, i, bytes);
		return;
	}
	was_open = c->tls->is_open(c->session);
	error = c->tls->input(c->session, bytes);
	/* A client with Nagle's algorithm (RFC 9293 3.7.4) waits for this, as
	 * the last word of the handshake is its own. */
	if (!was_open && c->tls->is_open(c->session))
		set(c->fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	if (error == 0)
		error = read_session(s, i);
	if (c->fd < 0)
		return;
	/* Also after an error: the client is told what it was. */
	if (!air_connection_take_records(c))
		error = ALTAIR_E_TLS;
	flush(s, i);
	if (error != 0)
		end(s, i);
}

/* The program's own server of HTTP has it from here on, with all its bytes. */
static void hand_over(struct streams *s, uint32_t i, enum altair_serve_guest as)
{
	struct connection *c = &s->all[i];
	altair_addr from;
	int fd = c->fd;

	if (!name_client(fd, &from)) {
		end(s, i);
		return;
	}
	watch(s, EPOLL_CTL_DEL, fd, (struct epoll_event){.events = 0});
	set(fd, SOL_SOCKET, SO_RCVLOWAT, 1);
	c->fd = -1;
	end(s, i);
	s->http(s->http_user, fd, &from, as);
}

/* TLS that is the door's goes there, unread. True: it is ours, and may be read.
 * While the ClientHello is not whole the kernel wakes us for more of it only. */
static bool sort_tls(struct streams *s, uint32_t i)
{
	struct connection *c = &s->all[i];
	ssize_t len =
		recv(c->fd, s->chunk, sizeof s->chunk, MSG_PEEK | MSG_DONTWAIT);
	altair_bytes first = {s->chunk, len > 0 ? (size_t)len : 0};
	int offers = s->tls->offers(s->tls->user, first, "http/1.1");

	/* Some TURN clients offer every protocol that there is (RFC 7443). */
	if (offers > 0 && s->tls->offers(s->tls->user, first, "stun.turn") > 0)
		return true;
	if (offers > 0) {
		hand_over(s, i, ALTAIR_SERVE_TLS);
		return false;
	}
	if (offers != ALTAIR_E_AGAIN || first.len == sizeof s->chunk)
		return true;
	if (first.len <= c->peeked) /* the end came instead */
		end(s, i);
	else
		set(c->fd, SOL_SOCKET, SO_RCVLOWAT, (int)first.len + 1);
	c->peeked = (uint32_t)first.len;
	return false;
}

/* Looks at the first bytes, which stay where they are. False: it is closed, or
 * somebody else's. */
static bool look(struct streams *s, uint32_t i)
{
	struct connection *c = &s->all[i];
	uint8_t head[4];
	bool is_ours, is_tls;
	ssize_t len;

	len = recv(c->fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (len != sizeof head) {
		end(s, i);
		return false;
	}
	is_tls = head[0] == 0x16 && s->tls;
	/* Whoever does the handshake: it takes time. */
	if (is_tls && c->peeked == 0 &&
	    altair_server_secured(s->server, altair_clock_now(), sock_of(i)) !=
		    0) {
		end(s, i);
		return false;
	}
	if (is_tls && s->http_takes_tls && !sort_tls(s, i))
		return false;
	set(c->fd, SOL_SOCKET, SO_RCVLOWAT, 1);
	if (is_tls) {
		c->tls = s->tls;
		is_ours = s->tls->open(s->tls->user, &c->session, NULL) == 0;
	} else {
		is_ours = tell(c, head);
	}
	if (is_ours && c->kind == CONNECTION_SPEAKS_HTTP && s->http)
		hand_over(s, i, ALTAIR_SERVE_PLAIN);
	else if (!is_ours)
		end(s, i);
	return c->fd >= 0;
}

static void receive(struct streams *s, uint32_t i)
{
	struct connection *c = &s->all[i];

	if (c->kind == CONNECTION_IS_NEW && !c->session && !look(s, i))
		return;
	for (int round = 0; round < READS_MAX && c->fd >= 0; round++) {
		ssize_t len =
			recv(c->fd, s->chunk, sizeof s->chunk, MSG_DONTWAIT);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && errno == EAGAIN)
			return;
		if (len <= 0) {
			end(s, i);
			return;
		}
		take(s, i, (altair_bytes){s->chunk, (size_t)len});
		if ((size_t)len < sizeof s->chunk)
			return;
	}
}

/* --- accepting ------------------------------------------------------------ */

/* Closes without a farewell, which would have to be remembered. */
static void refuse(int fd)
{
	struct linger none = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(fd);
}

static void welcome(struct streams *s, int fd, const union air_sockaddr *from)
{
	union air_sockaddr own;
	socklen_t len = sizeof own;
	altair_path path;
	uint32_t i;
	int wakes;

	memset(&path, 0, sizeof path);
	if (s->free_count == 0 || getsockname(fd, &own.any, &len) != 0) {
		refuse(fd);
		return;
	}
	i = s->free[s->free_count - 1];
	path.sock = sock_of(i);
	air_sockaddr_get(&path.remote, from);
	air_sockaddr_get(&path.local, &own);
	if (altair_server_accepted(s->server, altair_clock_now(), path.sock,
				   &path) != 0) {
		refuse(fd);
		return;
	}
	s->free_count--;
	s->all[i] = (struct connection){.fd = fd,
					.out = s->all[i].out,
					.out_max = (uint32_t)s->queue_max};
	/* One may have had to give way, here or elsewhere. */
	s->feed(s->worker, NULL, 0);
	wakes = altair_server_wakes(s->server);
	if (wakes >= 0)
		s->wake(s->worker, wakes);
	if (!watch(s, EPOLL_CTL_ADD, fd,
		   (struct epoll_event){.events = EPOLLIN, .data.u32 = i}))
		end(s, i);
}

/* No descriptor, or no memory: what waits would wake us for nothing. */
static void rest(struct streams *s)
{
	s->resume = altair_clock_now() + REST;
	watch_listeners(s, EPOLL_CTL_MOD, 0);
}

static void accept_some(struct streams *s, int listener)
{
	union air_sockaddr from;

	for (int n = 0; n < ACCEPTS_MAX; n++) {
		socklen_t len = sizeof from;
		int fd = accept4(listener, &from.any, &len,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			welcome(s, fd, &from);
		} else if (errno == EMFILE || errno == ENFILE ||
			   errno == ENOBUFS || errno == ENOMEM) {
			rest(s);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
		/* Else: it was gone before it was accepted. */
	}
}

void air_streams_serve(struct streams *s)
{
	struct epoll_event events[READY_MAX];
	int n = epoll_wait(s->epoll, events, READY_MAX, 0);

	for (int k = 0; k < n; k++) {
		uint32_t i = events[k].data.u32;

		if (i >= LISTENER) {
			accept_some(s, s->listeners[i - LISTENER]);
			continue;
		}
		if (i >= TUNNEL) {
			serve_tunnel(s, i, events[k].events);
			continue;
		}
		/* It may have been closed by what came before. */
		if (s->all[i].fd >= 0 && (events[k].events & EPOLLOUT))
			flush(s, i);
		if (s->all[i].fd >= 0 &&
		    (events[k].events & ~(uint32_t)EPOLLOUT))
			receive(s, i);
	}
}

altair_time air_streams_deadline(const struct streams *s)
{
	return s->resume > 0 ? s->resume : ALTAIR_NEVER;
}

void air_streams_resume(struct streams *s)
{
	s->resume = 0;
	watch_listeners(s, EPOLL_CTL_MOD, EPOLLIN);
}
