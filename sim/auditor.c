/*
 * What comes makes credits and questions, what leaves uses them up. An entry of
 * the books is over as soon as its time has come: the server is told the time
 * before anything else. A question belongs to its user when he made exactly
 * these bytes; whoever sends them.
 */
#include "sim/auditor.h"

#include "sim/digest.h"

#include <string.h>

#define NOBODY SIM_BOOKS_ANYBODY
#define NONE SIM_BOOKS_NONE
#define SERVER_PORT 3478
#define OPENING_MAX ALTAIR_SEC(11)
#define PERMISSION_LIFE ALTAIR_SEC(300)
#define CHANNEL_LIFE ALTAIR_SEC(600)
#define CHALLENGE_TIMES 3
#define BINDING_MORE 24 /* XOR-MAPPED-ADDRESS with IPv6 */

static void refuse(struct sim_auditor *a, const char *violation)
{
	if (a->violation)
		return;
	a->violation = violation;
	a->at = a->books.now;
}

static void require(struct sim_auditor *a, bool condition,
		    const char *violation)
{
	if (!condition)
		refuse(a, violation);
}

void sim_auditor_init(struct sim_auditor *a, const struct sim_siege *siege)
{
	memset(a, 0, sizeof *a);
	a->siege = siege;
}

void sim_auditor_drop(struct sim_auditor *a)
{
	sim_set_drop(&a->made);
}

/* A nonce is good at one address only, and so is what was signed with it. */
static uint64_t signature(unsigned user, const altair_addr *from,
			  altair_bytes message)
{
	uint64_t place = sim_digest(user, from->ip, sizeof from->ip);

	return sim_digest(place ^ from->port, message.data, message.len);
}

void sim_auditor_made(struct sim_auditor *a, unsigned user,
		      const altair_addr *from, altair_bytes message)
{
	sim_set_add(&a->made, signature(user, from, message));
}

static unsigned maker_of(const struct sim_auditor *a, const altair_addr *from,
			 altair_bytes message)
{
	for (unsigned user = 0; user < a->siege->users; user++)
		if (sim_set_has(&a->made, signature(user, from, message)))
			return user;
	return NOBODY;
}

/* --- time ---------------------------------------------------------------- */

static void pass_time(struct sim_auditor *a, altair_time now)
{
	size_t i = 0;

	if (now != a->books.now)
		a->credits_count = 0;
	sim_books_expire(&a->books, now);
	while (i < a->opening_count)
		if (now - a->opening[i].at < OPENING_MAX)
			i++;
		else
			a->opening[i] = a->opening[--a->opening_count];
}

/* As many more there may be, of which nobody was told. */
static unsigned count_opening(const struct sim_auditor *a, unsigned user)
{
	unsigned count = 0;

	for (size_t i = 0; i < a->opening_count; i++)
		count += user == NOBODY || a->opening[i].user == user;
	return count;
}

/* --- what comes ---------------------------------------------------------- */

static void add_credit(struct sim_auditor *a,
		       const struct sim_auditor_credit *credit,
		       altair_bytes data)
{
	struct sim_auditor_credit *c = &a->credits[a->credits_count];

	if (a->credits_count == SIM_AUDITOR_CREDITS) {
		refuse(a, "the auditor's table is full");
		return;
	}
	*c = *credit;
	c->digest = sim_digest(0, data.data, data.len);
	c->len = data.len;
	a->credits_count++;
}

static void take_data(struct sim_auditor *a, const struct sim_record *r)
{
	struct sim_auditor_credit credit = {
		.path = {r->packet.src, r->packet.dst}};
	unsigned k = sim_books_find(&a->books, &credit.path);
	struct sim_stun stun;
	altair_bytes data;

	if (r->verdict != ALTAIR_TAKEN)
		return;
	if (k != NONE)
		sim_books_settle(&a->books, k, &credit.path);
	if (sim_stun_channel_ever(r->packet.payload, &credit.channel, &data) ||
	    (sim_stun_read(r->packet.payload, &stun) &&
	     sim_stun_find_addr(&stun, SIM_STUN_PEER, &credit.peer) &&
	     sim_stun_find(&stun, SIM_STUN_PAYLOAD, &data)))
		add_credit(a, &credit, data);
}

/* All XOR-PEER-ADDRESSes. */
static void read_peers(const struct sim_stun *stun,
		       struct sim_auditor_asked *asked)
{
	struct sim_stun rest = *stun;
	uint8_t copy[SIM_ASK_MAX];
	altair_bytes value;

	if (stun->bytes.len > sizeof copy)
		return;
	memcpy(copy, stun->bytes.data, stun->bytes.len);
	rest.bytes.data = copy;
	while (asked->peers_count < SIM_AUDITOR_PEERS &&
	       sim_stun_find_addr(&rest, SIM_STUN_PEER,
				  &asked->peers[asked->peers_count])) {
		asked->peers_count++;
		sim_stun_find(&rest, SIM_STUN_PEER, &value);
		copy[value.data - copy - 4] = 0xff; /* another type */
	}
}

static void read_ticket(const struct sim_stun *stun,
			struct sim_auditor_asked *asked)
{
	altair_bytes value;

	asked->has_ticket = sim_stun_find(stun, SIM_ASK_TICKET, &value);
	if (asked->has_ticket && value.len == SIM_BOOKS_TICKET)
		memcpy(asked->ticket, value.data, value.len);
}

static bool is_same_question(const struct sim_auditor_asked *one,
			     const struct sim_auditor_asked *other)
{
	return sim_books_is_same(&one->path, &other->path) &&
	       !memcmp(one->transaction, other->transaction,
		       sizeof one->transaction);
}

static void note_opening(struct sim_auditor *a,
			 const struct sim_auditor_asked *asked)
{
	for (size_t i = 0; i < a->opening_count; i++)
		if (is_same_question(&a->opening[i], asked)) {
			a->opening[i].at = asked->at;
			return;
		}
	if (a->opening_count == SIM_AUDITOR_OPENING)
		refuse(a, "the auditor's table is full");
	else
		a->opening[a->opening_count++] = *asked;
}

static void take_request(struct sim_auditor *a, const struct sim_record *r,
			 const struct sim_stun *stun)
{
	struct sim_auditor_asked asked = {
		.path = {r->packet.src, r->packet.dst},
		.at = r->at,
		.is_stream = r->packet.kind == SIM_STREAM,
		.since = r->at,
		.len = r->packet.payload.len,
		.method = stun->method,
		.user = maker_of(a, &r->packet.src, r->packet.payload),
	};
	altair_bytes value;

	memcpy(asked.transaction, sim_stun_transaction(stun),
	       sizeof asked.transaction);
	read_peers(stun, &asked);
	read_ticket(stun, &asked);
	if (sim_stun_find(stun, SIM_STUN_CHANNEL_NUMBER, &value) &&
	    value.len == 4)
		asked.channel = (unsigned)value.data[0] << 8 | value.data[1];
	asked.is_special = sim_stun_find(stun, SIM_ASK_EVEN_PORT, &value) ||
			   sim_stun_find(stun, SIM_ASK_TOKEN, &value);
	a->asked[a->asked_count++ % SIM_AUDITOR_ASKED] = asked;
	/* What is there yet may end in the same batch. */
	if (asked.method == SIM_STUN_ALLOCATE && asked.user != NOBODY)
		note_opening(a, &asked);
}

static void see_arrival(struct sim_auditor *a, const struct sim_record *r)
{
	const struct sim_packet *p = &r->packet;
	struct sim_stun stun;

	if (p->dst.port != SERVER_PORT)
		add_credit(a,
			   &(struct sim_auditor_credit){.peer = p->src,
							.relayed = p->dst,
							.is_of_peer = true},
			   p->payload);
	else if (sim_stun_read(p->payload, &stun) &&
		 stun.class == SIM_STUN_REQUEST)
		take_request(a, r, &stun);
	else
		take_data(a, r);
}

/* --- what leaves: data --------------------------------------------------- */

/* What an allocation's client said for this peer. */
static bool is_said(struct sim_auditor *a, const struct sim_auditor_credit *c,
		    unsigned from, const altair_addr *peer)
{
	const struct sim_books_channel *channel;

	if (c->is_of_peer || sim_books_find_lately(&a->books, &c->path) != from)
		return false;
	if (c->channel == 0)
		return altair_addr_equal(&c->peer, peer);
	channel = sim_books_channel(&a->books.all[from], c->channel);
	return channel && altair_addr_equal(&channel->peer, peer);
}

/* What this peer said for the client of an allocation; the peer may be another
 * allocation's relayed address. */
static bool is_heard(struct sim_auditor *a, const struct sim_auditor_credit *c,
		     unsigned to, const altair_addr *peer)
{
	const altair_addr *own =
		&a->books.all[to].relayed[peer->family == ALTAIR_IPV6];
	unsigned other = sim_books_find_relayed(&a->books, peer);

	if (c->is_of_peer)
		return altair_addr_equal(&c->relayed, own) &&
		       altair_addr_equal(&c->peer, peer);
	return other != NONE && is_said(a, c, other, own);
}

/* Uses up what came for an allocation's client, or from him for a peer. */
static bool use_credit(struct sim_auditor *a, unsigned allocation,
		       bool is_to_client, const altair_addr *peer,
		       altair_bytes data)
{
	uint64_t digest = sim_digest(0, data.data, data.len);

	for (size_t i = 0; i < a->credits_count; i++) {
		const struct sim_auditor_credit *c = &a->credits[i];

		if (c->digest != digest || c->len != data.len ||
		    !(is_to_client ? is_heard(a, c, allocation, peer)
				   : is_said(a, c, allocation, peer)))
			continue;
		a->credits[i] = a->credits[--a->credits_count];
		return true;
	}
	return false;
}

static bool is_open(const struct sim_auditor *a, const altair_addr *port)
{
	for (size_t i = 0; i < a->ports_count; i++)
		if (altair_addr_equal(&a->ports[i], port))
			return true;
	return false;
}

static void see_to_peer(struct sim_auditor *a, const struct sim_packet *p)
{
	unsigned k = sim_books_find_relayed(&a->books, &p->src);

	a->to_peers++;
	a->to_peers_ever++;
	require(a, is_open(a, &p->src), "gate: data from a port not open");
	require(a, sim_siege_allows(&p->dst) && p->dst.port >= 1024,
		"gate: data for a denied address");
	if (k == NONE) {
		refuse(a, "gate: data from a port that is nobody's");
		return;
	}
	require(a, sim_books_permission(&a->books.all[k], &p->dst) != NULL,
		"gate: data for a peer without permission");
	require(a, use_credit(a, k, false, &p->dst, p->payload),
		"once: data for a peer that did not just come");
}

static void see_to_client(struct sim_auditor *a, const struct sim_packet *p,
			  const altair_addr *peer, altair_bytes data)
{
	struct sim_books_path path = {p->dst, p->src};
	unsigned k = sim_books_find_lately(&a->books, &path);

	a->to_clients++;
	a->to_clients_ever++;
	if (k == NONE) {
		refuse(a, "gate: data for somebody without allocation");
		return;
	}
	require(a, sim_books_permission(&a->books.all[k], peer) != NULL,
		"gate: data from a peer without permission");
	require(a, use_credit(a, k, true, peer, data),
		"once: data for a client that did not just come");
}

static void see_channel(struct sim_auditor *a, const struct sim_packet *p,
			unsigned number, altair_bytes data)
{
	struct sim_books_path path = {p->dst, p->src};
	unsigned k = sim_books_find_lately(&a->books, &path);
	const struct sim_books_channel *channel =
		k == NONE ? NULL : sim_books_channel(&a->books.all[k], number);

	if (!channel)
		refuse(a, "gate: data in a channel that there is not");
	else
		see_to_client(a, p, &channel->peer, data);
}

/* --- what leaves: answers ------------------------------------------------ */

/* The request that this answers: of this instant, or an Allocate before. */
static struct sim_auditor_asked *find_asked(struct sim_auditor *a,
					    const struct sim_packet *p,
					    const struct sim_stun *stun)
{
	struct sim_auditor_asked wanted = {.path = {p->dst, p->src}};
	uint64_t most = a->asked_count < SIM_AUDITOR_ASKED ? a->asked_count
							   : SIM_AUDITOR_ASKED;

	memcpy(wanted.transaction, sim_stun_transaction(stun),
	       sizeof wanted.transaction);
	for (uint64_t i = 1; i <= most; i++) {
		struct sim_auditor_asked *asked =
			&a->asked[(a->asked_count - i) % SIM_AUDITOR_ASKED];

		if (asked->at != a->books.now)
			break;
		if (!asked->is_answered && is_same_question(asked, &wanted))
			return asked;
	}
	for (size_t i = 0; i < a->opening_count; i++)
		if (stun->method == SIM_STUN_ALLOCATE &&
		    is_same_question(&a->opening[i], &wanted))
			return &a->opening[i];
	return NULL;
}

/* It is open, or refused. */
static void end_opening(struct sim_auditor *a,
			const struct sim_auditor_asked *asked)
{
	for (size_t i = 0; i < a->opening_count; i++)
		if (is_same_question(&a->opening[i], asked)) {
			a->opening[i] = a->opening[--a->opening_count];
			return;
		}
}

/* What is refused now may have been opening before: a nonce grows old. */
static void end_new_opening(struct sim_auditor *a,
			    const struct sim_auditor_asked *asked)
{
	for (size_t i = 0; i < a->opening_count; i++)
		if (is_same_question(&a->opening[i], asked) &&
		    a->opening[i].since == a->books.now) {
			a->opening[i] = a->opening[--a->opening_count];
			return;
		}
}

static void see_unproved(struct sim_auditor *a,
			 const struct sim_auditor_asked *asked, size_t len)
{
	require(a, len <= CHALLENGE_TIMES * asked->len,
		"budget: a long answer without proof");
	/* On a stream nobody forges where he is. */
	if (asked->is_stream || a->siege->challenge_rate == 0)
		return;
	require(a,
		sim_budget_spend(&a->budget, a->books.now,
				 &asked->path.client) <=
			a->siege->challenge_rate,
		"budget: a source is told too often");
}

/* False: it is the one that he has. */
static bool note_ticket(struct sim_books_allocation *one,
			const struct sim_stun *stun)
{
	altair_bytes v;

	if (!sim_stun_find(stun, SIM_ASK_TICKET, &v) ||
	    v.len != SIM_BOOKS_TICKET ||
	    memcmp(one->tickets[0], v.data, v.len) == 0)
		return false;
	memcpy(one->tickets[1], one->tickets[0], SIM_BOOKS_TICKET);
	memcpy(one->tickets[0], v.data, SIM_BOOKS_TICKET);
	return true;
}

/* The relayed addresses: one of each family at most. */
static void read_relayed(struct sim_auditor *a,
			 struct sim_books_allocation *one,
			 const struct sim_stun *stun)
{
	struct sim_auditor_asked found = {0};
	struct sim_stun as = *stun;
	uint8_t copy[SIM_ASK_MAX];
	altair_bytes v;

	if (stun->bytes.len > sizeof copy)
		return;
	memcpy(copy, stun->bytes.data, stun->bytes.len);
	as.bytes.data = copy;
	while (sim_stun_find(&as, SIM_STUN_RELAYED, &v))
		copy[v.data - copy - 3] = SIM_STUN_PEER;
	read_peers(&as, &found);
	for (size_t i = 0; i < found.peers_count; i++) {
		const altair_addr *addr = &found.peers[i];

		require(a, is_open(a, addr),
			"gate: a relayed address not open");
		require(a, sim_books_find_relayed(&a->books, addr) == NONE,
			"gate: a relayed address of two");
		one->relayed[addr->family == ALTAIR_IPV6] = *addr;
	}
}

/* A new place in the books. What had moved from there is gone from there. */
static struct sim_books_allocation *
new_allocation(struct sim_auditor *a, const struct sim_books_path *path)
{
	unsigned k = 0;

	while (k < NONE && a->books.all[k].is_live)
		k++;
	if (k == NONE) {
		refuse(a, "limits: more allocations than the table has");
		return NULL;
	}
	memset(&a->books.all[k], 0, sizeof a->books.all[k]);
	a->books.all[k].path = *path;
	return &a->books.all[k];
}

static void see_allocated(struct sim_auditor *a,
			  const struct sim_auditor_asked *asked,
			  const struct sim_stun *stun)
{
	unsigned k = sim_books_find(&a->books, &asked->path);
	uint32_t life = sim_stun_number(stun, SIM_ASK_LIFETIME);
	struct sim_books_allocation *one;

	end_opening(a, asked);
	if (k != NONE) {
		one = &a->books.all[k];
		require(a,
			!memcmp(one->transaction, asked->transaction,
				sizeof one->transaction) &&
				one->user == asked->user,
			"gate: a second allocation at one 5-tuple");
		require(a, one->until >= a->books.now + ALTAIR_SEC(life),
			"gate: an answer tells more than there is");
		return;
	}
	one = new_allocation(a, &asked->path);
	if (!one)
		return;
	read_relayed(a, one, stun);
	one->is_live = true;
	one->user = asked->user;
	one->until = a->books.now + ALTAIR_SEC(life);
	memcpy(one->transaction, asked->transaction, sizeof one->transaction);
	note_ticket(one, stun);
	a->allocated++;
	require(a, life >= 600 && life <= a->siege->lifetime_max,
		"limits: a lifetime");
	require(a, sim_books_live(&a->books, one->user) <= a->siege->quota,
		"limits: a user has more than his quota");
	require(a, sim_books_live(&a->books, NOBODY) <= a->siege->allocations,
		"limits: more allocations than the table has");
}

/* He goes on from there; perhaps data came from there in the same batch. */
static void move(struct sim_auditor *a, unsigned k,
		 const struct sim_books_path *next)
{
	struct sim_books_allocation *one = &a->books.all[k];

	one->next = *next;
	one->is_moving = true;
	a->moved++;
	for (size_t i = 0; i < a->credits_count; i++)
		if (!a->credits[i].is_of_peer)
			sim_books_settle(&a->books, k, &a->credits[i].path);
}

static void see_refreshed(struct sim_auditor *a,
			  const struct sim_auditor_asked *asked,
			  const struct sim_stun *stun)
{
	unsigned k = asked->has_ticket
			     ? sim_books_find_ticket(&a->books, asked->ticket)
			     : sim_books_find_lately(&a->books, &asked->path);
	uint32_t life = sim_stun_number(stun, SIM_ASK_LIFETIME);
	struct sim_books_allocation *one = &a->books.all[k];

	if (k == NONE || one->user != asked->user) {
		refuse(a, "gate: another's allocation, or none, is refreshed");
		return;
	}
	require(a, life == 0 || (life >= 600 && life <= a->siege->lifetime_max),
		"limits: a lifetime");
	/* A repeat from where it was at this instant moves nothing. */
	if (note_ticket(one, stun) && asked->has_ticket &&
	    !sim_books_is_same(&one->path, &asked->path))
		move(a, k, &asked->path);
	one->until = a->books.now + ALTAIR_SEC(life);
	one->is_live = life > 0;
}

static void permit(struct sim_auditor *a, struct sim_books_allocation *one,
		   const altair_addr *peer)
{
	struct sim_books_permission *p = sim_books_permission(one, peer);

	require(a, sim_siege_allows(peer) || sim_siege_is_server(peer),
		"gate: a denied address is permitted");
	if (!p && one->permissions_count < SIM_BOOKS_EACH)
		p = &one->permissions[one->permissions_count++];
	if (!p || one->permissions_count > a->siege->permissions_each ||
	    sim_books_permissions(&a->books) > a->siege->permissions) {
		refuse(a, "limits: more permissions than there are");
		return;
	}
	p->peer = *peer;
	p->until = a->books.now + PERMISSION_LIFE;
}

static void bind_channel(struct sim_auditor *a,
			 struct sim_books_allocation *one,
			 const struct sim_auditor_asked *asked)
{
	struct sim_books_channel *c = sim_books_channel(one, asked->channel);
	const altair_addr *peer = &asked->peers[0];

	require(a,
		c == sim_books_channel_to(one, peer) &&
			asked->channel >= 0x4000 &&
			asked->channel <= SIM_STUN_CHANNEL_EVER,
		"gate: a channel that is another's");
	if (!c && one->channels_count < SIM_BOOKS_EACH)
		c = &one->channels[one->channels_count++];
	if (!c || one->channels_count > a->siege->channels_each ||
	    sim_books_channels(&a->books) > a->siege->channels) {
		refuse(a, "limits: more channels than there are");
		return;
	}
	c->number = asked->channel;
	c->peer = *peer;
	c->until = a->books.now + CHANNEL_LIFE;
	require(a, peer->port >= 1024, "gate: a low port is permitted");
	require(a,
		!sim_siege_is_server(peer) ||
			sim_books_find_relayed(&a->books, peer) != NONE,
		"gate: an address of the server is permitted");
}

static void see_granted(struct sim_auditor *a,
			const struct sim_auditor_asked *asked)
{
	unsigned k = sim_books_find_lately(&a->books, &asked->path);

	if (k == NONE || a->books.all[k].user != asked->user ||
	    asked->peers_count == 0) {
		refuse(a, "gate: another's allocation, or none, is granted to");
		return;
	}
	if (asked->method == SIM_STUN_CHANNEL)
		bind_channel(a, &a->books.all[k], asked);
	for (size_t i = 0; i < asked->peers_count; i++)
		permit(a, &a->books.all[k], &asked->peers[i]);
}

static void see_success(struct sim_auditor *a,
			const struct sim_auditor_asked *asked,
			const struct sim_stun *stun)
{
	if (asked->method == SIM_STUN_BINDING)
		return;
	if (asked->user == NOBODY)
		refuse(a, "gate: a stranger is served");
	else if (asked->method == SIM_STUN_ALLOCATE)
		see_allocated(a, asked, stun);
	else if (asked->method == SIM_STUN_REFRESH)
		see_refreshed(a, asked, stun);
	else
		see_granted(a, asked);
}

/* --- what leaves: refusals ----------------------------------------------- */

static void see_no_quota(struct sim_auditor *a,
			 const struct sim_auditor_asked *asked)
{
	unsigned user = asked->user;

	end_opening(a, asked);
	a->over_quota++;
	require(a,
		sim_books_live(&a->books, user) + count_opening(a, user) >=
			a->siege->quota,
		"room: 486 although the quota is not reached");
}

/* Where ports are few, or cannot be opened, they may be what is missing. */
static void see_no_allocation(struct sim_auditor *a,
			      const struct sim_auditor_asked *asked)
{
	const struct sim_siege *s = a->siege;

	end_opening(a, asked);
	a->no_room++;
	require(a,
		asked->is_special || s->bind_fails > 0 ||
			s->ports < 3 * s->allocations ||
			sim_books_live(&a->books, NOBODY) +
					count_opening(a, NOBODY) >=
				s->allocations,
		"room: 508 although there is room for an allocation");
}

static bool has_room_for(const struct sim_auditor *a,
			 struct sim_books_allocation *one,
			 const struct sim_auditor_asked *asked)
{
	const struct sim_siege *s = a->siege;
	size_t new = 0;

	for (size_t i = 0; i < asked->peers_count; i++)
		new += !sim_books_permission(one, &asked->peers[i]);
	if (new > 0 &&
	    (one->permissions_count + new > s->permissions_each ||
	     sim_books_permissions(&a->books) + new > s->permissions))
		return false;
	return asked->method != SIM_STUN_CHANNEL ||
	       sim_books_channel(one, asked->channel) ||
	       (one->channels_count < s->channels_each &&
		sim_books_channels(&a->books) < s->channels);
}

/* An owner at his own allocation. */
static void see_owner_refused(struct sim_auditor *a,
			      struct sim_books_allocation *one,
			      const struct sim_auditor_asked *asked,
			      unsigned code)
{
	bool is_denied = false;

	for (size_t i = 0; i < asked->peers_count; i++)
		is_denied |= !sim_siege_allows(&asked->peers[i]) ||
			     asked->peers[i].port < 1024;
	require(a, code != 437 && code != 441,
		"room: an owner has lost his allocation");
	require(a, code != 403 || is_denied,
		"room: a peer is denied that is none to deny");
	require(a, code != 508 || !has_room_for(a, one, asked),
		"room: 508 although there is room for a peer");
}

static void see_error(struct sim_auditor *a,
		      const struct sim_auditor_asked *asked,
		      const struct sim_stun *stun)
{
	uint32_t word = sim_stun_number(stun, SIM_ASK_ERROR_CODE);
	unsigned code = (word >> 8 & 7) * 100 + (word & 0xff);
	unsigned k = sim_books_find(&a->books, &asked->path);

	a->refused++;
	if (asked->user == NOBODY || code == 401 || code == 438)
		return;
	if (asked->method == SIM_STUN_ALLOCATE) {
		if (code == 486)
			see_no_quota(a, asked);
		else if (code == 508)
			see_no_allocation(a, asked);
		else
			end_new_opening(a, asked);
		return;
	}
	if (k != NONE && a->books.all[k].user == asked->user &&
	    !asked->has_ticket)
		see_owner_refused(a, &a->books.all[k], asked, code);
}

static void see_answer(struct sim_auditor *a, const struct sim_packet *p,
		       const struct sim_stun *stun)
{
	struct sim_auditor_asked *found = find_asked(a, p, stun);
	struct sim_auditor_asked asked;
	altair_bytes v;

	if (!found) {
		refuse(a, "once: an answer that nobody just asked for");
		return;
	}
	found->is_answered = true;
	asked = *found;
	require(a,
		asked.method != SIM_STUN_BINDING ||
			2 * p->payload.len <= 3 * asked.len + 2 * BINDING_MORE,
		"budget: a long answer to a binding request");
	if (asked.method != SIM_STUN_BINDING &&
	    !sim_stun_find(stun, SIM_STUN_INTEGRITY, &v) &&
	    !sim_stun_find(stun, SIM_ASK_INTEGRITY_SHA256, &v)) {
		end_new_opening(a, &asked);
		see_unproved(a, &asked, p->payload.len);
	}
	if (stun->class == SIM_STUN_SUCCESS)
		see_success(a, &asked, stun);
	else
		see_error(a, &asked, stun);
}

static void see_told(struct sim_auditor *a, const struct sim_packet *p)
{
	struct sim_stun stun;
	altair_addr peer;
	altair_bytes data;
	unsigned number;

	if (sim_stun_channel_ever(p->payload, &number, &data))
		see_channel(a, p, number, data);
	else if (!sim_stun_read(p->payload, &stun))
		refuse(a, "gate: something that is no message");
	else if (stun.class == SIM_STUN_SUCCESS || stun.class == SIM_STUN_ERROR)
		see_answer(a, p, &stun);
	else if (stun.class == SIM_STUN_INDICATION &&
		 stun.method == SIM_STUN_DATA &&
		 sim_stun_find_addr(&stun, SIM_STUN_PEER, &peer) &&
		 sim_stun_find(&stun, SIM_STUN_PAYLOAD, &data))
		see_to_client(a, p, &peer, data);
	else
		refuse(a, "gate: a message that no server says");
}

/* --- the driver's ports -------------------------------------------------- */

static void see_event(struct sim_auditor *a, const struct sim_record *r)
{
	size_t i = 0;

	while (i < a->ports_count && !altair_addr_equal(&a->ports[i], &r->addr))
		i++;
	if (r->event == ALTAIR_EV_RELAY_OPEN) {
		require(a, i == a->ports_count && i < SIM_AUDITOR_PORTS,
			"gate: a port is opened twice");
		if (i < SIM_AUDITOR_PORTS)
			a->ports[a->ports_count++] = r->addr;
	} else if (r->event == ALTAIR_EV_RELAY_CLOSE) {
		require(a, i < a->ports_count,
			"gate: a port is closed that is not open");
		if (i < a->ports_count)
			a->ports[i] = a->ports[--a->ports_count];
	}
}

/* --- the whole ----------------------------------------------------------- */

void sim_auditor_see(struct sim_auditor *a, const struct sim_record *r)
{
	if (r->node != a->server || a->violation)
		return;
	pass_time(a, r->at);
	if (r->kind == SIM_ARRIVED)
		see_arrival(a, r);
	else if (r->kind == SIM_HAPPENED)
		see_event(a, r);
	else if (r->kind == SIM_SENT && r->packet.kind == SIM_UDP &&
		 r->packet.src.port != SERVER_PORT)
		see_to_peer(a, &r->packet);
	else if (r->kind == SIM_SENT &&
		 (r->packet.kind == SIM_UDP || r->packet.kind == SIM_STREAM))
		see_told(a, &r->packet);
}

/* A ticket would keep it (RFC 8016); who has one comes by datagrams here. */
void sim_auditor_shut(struct sim_auditor *a, const altair_addr *client)
{
	struct sim_books_path path = {
		*client, sim_siege_server(client->family == ALTAIR_IPV6)};
	unsigned k = sim_books_find(&a->books, &path);
	size_t i = 0;

	if (k != NONE)
		a->books.all[k].is_live = false;
	while (i < a->opening_count)
		if (sim_books_is_same(&a->opening[i].path, &path))
			a->opening[i] = a->opening[--a->opening_count];
		else
			i++;
}

void sim_auditor_unbound(struct sim_auditor *a, const altair_addr *port)
{
	for (size_t i = 0; i < a->ports_count; i++)
		if (altair_addr_equal(&a->ports[i], port)) {
			a->ports[i] = a->ports[--a->ports_count];
			return;
		}
}

void sim_auditor_restarted(struct sim_auditor *a)
{
	memset(a->books.all, 0, sizeof a->books.all);
	a->opening_count = 0;
	a->credits_count = 0;
	a->ports_count = 0;
	memset(&a->budget, 0, sizeof a->budget);
}

void sim_auditor_count(struct sim_auditor *a, altair_time now,
		       uint64_t allocations)
{
	unsigned live;

	if (a->violation)
		return;
	pass_time(a, now);
	live = sim_books_live(&a->books, NOBODY);
	require(a,
		allocations <= a->siege->allocations &&
			allocations <= live + sim_books_ending(&a->books) +
					       count_opening(a, NOBODY),
		"limits: the server counts more allocations than there are");
	require(a, allocations >= live,
		"room: the server counts fewer allocations than there are");
}

void sim_auditor_all_gone(struct sim_auditor *a)
{
	require(a,
		sim_books_live(&a->books, NOBODY) == 0 && a->ports_count == 0,
		"end: something is left when everybody is gone");
	a->over_quota = a->no_room = a->to_peers = a->to_clients = 0;
	a->opening_count = 0;
}

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

void sim_auditor_all_taken(struct sim_auditor *a)
{
	const struct sim_siege *s = a->siege;
	size_t all = least(s->allocations, (size_t)s->users * s->quota);

	require(a, sim_books_live(&a->books, NOBODY) == all,
		"end: not all allocations can be had again");
	require(a,
		sim_books_permissions(&a->books) ==
			least(s->permissions, all * s->permissions_each),
		"end: not all permissions can be had again");
	require(a,
		sim_books_channels(&a->books) ==
			least(s->channels, all * s->channels_each),
		"end: not all channels can be had again");
	require(a, s->users * s->quota <= all || a->no_room > 0,
		"end: one allocation more is not refused with 508");
	require(a, s->quota >= s->allocations || a->over_quota > 0,
		"end: one allocation more of a user is not refused with 486");
	require(a, a->to_peers > 0 && a->to_clients > 0, "end: no data passes");
}
