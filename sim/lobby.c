/*
 * One heap of events, and the deadlines of the machines. What goes over a connection
 * keeps its order, as over TCP; posts and answers of the directory need not.
 */
#include "sim/lobby.h"

#include "sim/agenda.h"
#include "sim/digest.h"
#include "sim/registry.h"
#include "sim/speech.h"

#include <altair/rendezvous.h>
#include <altair/visit.h>

#include <stdlib.h>
#include <string.h>

#define USERS_MAX (3 * SIM_LOBBY_PAIRS)
#define CLIENTS_MAX 64
#define NONE UINT32_MAX
#define TAIL ALTAIR_SEC(300)  /* in which all has to end       */
#define AFTER ALTAIR_SEC(900) /* in which all has to be forgotten   */

struct node {
	altair_rendezvous *r; /* NULL: dead */
	void *mem;
	uint64_t epoch;
	altair_time deadline;
	uint8_t id[ALTAIR_RENDEZVOUS_NODE_LEN];
	uint32_t links[CLIENTS_MAX]; /* connection of each client, or NONE */
};

struct link {
	uint32_t user, node, client;
	uint64_t epoch;
	bool at_node, at_user, is_slow;
	altair_time up, down; /* when the last note arrives */
};

enum role { LISTENER, CLAIMER, CALLEE, CALLER, STRANGER };

struct user {
	altair_visit *v;
	void *mem;
	enum role role;
	uint32_t link, room;
	altair_time deadline;
	uint32_t said, total;	 /* our messages */
	uint32_t arrived;	 /* of ours, at whoever has them */
	uint32_t from, received; /* whose messages we have */
	bool is_over, was_refused, has_begun, is_done;
	uint8_t key[SIM_SPEECH_KEY];
};

struct lobby {
	const struct sim_lobby_config *config;
	struct sim_lobby_report *report;
	struct sim_rng rng, secrets;
	altair_crypto crypto;
	altair_time now, start;
	struct sim_agenda agenda;
	struct node nodes[SIM_LOBBY_NODES];
	struct link *links;
	uint32_t link_count, link_cap;
	struct user users[USERS_MAX];
	uint32_t user_count;
	struct sim_registry registry;
	bool directory_is_up;
	bool is_closing;
};

static void broken(struct lobby *l, const char *what)
{
	if (!l->report->fault)
		l->report->fault = what;
}

static bool chance(struct lobby *l, uint32_t per_million)
{
	return sim_rng_chance(&l->rng, per_million);
}

static struct sim_event *plan(struct lobby *l, altair_time at,
			      enum sim_event_kind kind, uint32_t who)
{
	return sim_agenda_plan(&l->agenda, at, kind, who);
}

static void note_hash(struct lobby *l, uint64_t a, uint64_t b)
{
	uint64_t words[] = {l->now, a, b};

	l->report->hash = sim_digest(l->report->hash, words, sizeof words);
}

/* When the next thing over it arrives: never before the last one. */
static altair_time arrival(struct lobby *l, altair_time *last)
{
	altair_time at = l->now + sim_rng_ms(&l->rng, 5, 60);

	*last = at > *last ? at : *last + 1;
	return *last;
}

static void break_link(struct lobby *l, uint32_t link)
{
	struct link *k = &l->links[link];
	bool hangs = chance(l, l->config->faults.hang);
	bool user_first = chance(l, SIM_MILLION / 2);
	altair_time late = l->now + sim_rng_ms(&l->rng, 5000, 60000);
	altair_time soon = l->now + sim_rng_ms(&l->rng, 0, 100);

	l->report->losses++;
	if (k->at_node)
		plan(l, hangs && user_first ? late : soon, SIM_BREAKS_AT_NODE,
		     link);
	if (k->at_user)
		plan(l, hangs && !user_first ? late : soon, SIM_BREAKS_AT_USER,
		     link);
	k->up = k->down = ALTAIR_NEVER; /* nothing more arrives */
}

static bool is_whole(const struct link *k)
{
	return k->up != ALTAIR_NEVER;
}

static void send_up(struct lobby *l, uint32_t link, const altair_note *note)
{
	struct link *k = &l->links[link];

	if (is_whole(k))
		sim_event_set_note(
			plan(l, arrival(l, &k->up), SIM_TO_NODE, link), note);
}

static void send_down(struct lobby *l, uint32_t link, const altair_note *note)
{
	struct link *k = &l->links[link];

	if (is_whole(k))
		sim_event_set_note(
			plan(l, arrival(l, &k->down), SIM_TO_USER, link), note);
}

static void connect(struct lobby *l, uint32_t user)
{
	uint32_t node = sim_rng_below(&l->rng, l->config->nodes);
	uint32_t link = l->link_count++;

	if (l->link_count > l->link_cap) {
		l->link_cap = 2 * l->link_cap + 64;
		l->links = realloc(l->links, l->link_cap * sizeof *l->links);
		if (!l->links)
			abort();
	}
	for (uint32_t i = 0; i < l->config->nodes && !l->nodes[node].r; i++)
		node = (node + 1) % l->config->nodes;
	l->links[link] = (struct link){.user = user,
				       .node = node,
				       .epoch = l->nodes[node].epoch,
				       .client = NONE,
				       .at_user = true};
	l->users[user].link = link;
	plan(l, l->now + sim_rng_ms(&l->rng, 10, 80), SIM_OPENS, link);
}

static void node_config(struct lobby *l, altair_rendezvous_config *config)
{
	altair_rendezvous_config_default(config);
	config->crypto = &l->crypto;
	config->verify = sim_speech_verify;
	config->clients_max = CLIENTS_MAX;
	config->mailboxes_max = 64;
	config->pool_len = 256 << 10;
	config->has_directory = l->config->nodes > 1;
}

static void start_node(struct lobby *l, uint32_t index)
{
	struct node *n = &l->nodes[index];
	altair_rendezvous_config config;
	size_t len;

	node_config(l, &config);
	l->crypto.random(l->crypto.user, config.node, sizeof config.node);
	memcpy(n->id, config.node, sizeof n->id);
	len = altair_rendezvous_size(&config);
	n->mem = malloc(len);
	if (!n->mem ||
	    altair_rendezvous_init(&n->r, n->mem, len, &config, l->now) < 0)
		abort();
	n->epoch++;
	n->deadline = ALTAIR_NEVER;
	memset(n->links, 0xff, sizeof n->links);
	if (l->directory_is_up)
		altair_rendezvous_directory(n->r, l->now, true);
}

static void kill_node(struct lobby *l, uint32_t index)
{
	struct node *n = &l->nodes[index];

	l->report->deaths++;
	for (uint32_t i = 0; i < CLIENTS_MAX; i++)
		if (n->links[i] != NONE)
			break_link(l, n->links[i]);
	free(n->mem);
	n->mem = NULL;
	n->r = NULL;
	n->deadline = ALTAIR_NEVER;
	plan(l, l->now + sim_rng_ms(&l->rng, 100, 15000), SIM_NODE_REVIVES,
	     index);
}

static void fetch_notes(struct lobby *l, struct node *n, uint32_t client)
{
	uint32_t link = n->links[client];
	altair_note note;

	if (link != NONE && l->links[link].is_slow)
		return;
	while (altair_rendezvous_next(n->r, client, &note)) {
		note_hash(l, (uint64_t)note.type, note.number);
		if (link != NONE)
			send_down(l, link, &note);
	}
}

static void answer(struct lobby *l, uint32_t node,
		   const altair_rendezvous_ask *ask)
{
	altair_bytes value = {0};
	bool is_up = l->directory_is_up;
	struct sim_event *e;

	if (is_up && !sim_registry_ask(&l->registry, l->now, ask, &value))
		return;
	if (!is_up && chance(l, SIM_MILLION / 2))
		return; /* no answer at all */
	e = plan(l, l->now + sim_rng_ms(&l->rng, 1, is_up ? 20 : 900),
		 SIM_DIRECTORY_ANSWERS, node);
	e->value = ask->cookie;
	e->flag = is_up;
	e->note.seconds = (uint32_t)l->nodes[node].epoch;
	sim_event_set_bytes(e, value);
}

static void post(struct lobby *l, uint32_t node,
		 const altair_rendezvous_output *out)
{
	const struct sim_lobby_faults *f = &l->config->faults;
	unsigned copies = 1 + chance(l, f->post_double);

	if (!l->directory_is_up || chance(l, f->post_lost))
		return;
	for (uint32_t i = 0; i < l->config->nodes; i++) {
		if (memcmp(l->nodes[i].id, out->node, sizeof out->node))
			continue;
		for (unsigned copy = 0; copy < copies; copy++) {
			bool late = chance(l, f->post_late);
			struct sim_event *e =
				plan(l,
				     l->now + sim_rng_ms(&l->rng, 1,
							 late ? 4000 : 15),
				     SIM_POST_ARRIVES, i);

			memcpy(e->id, l->nodes[node].id, sizeof e->id);
			e->value = l->nodes[i].epoch;
			sim_event_set_bytes(e, out->bytes);
		}
		l->report->repeats += copies - 1;
	}
}

static void check_node(struct lobby *l, const struct node *n)
{
	altair_rendezvous_stats stats;

	altair_rendezvous_get_stats(n->r, &stats);
	if (stats.waiting > 256 << 10 || stats.sides > 128)
		broken(l, "a server has more than its memory");
}

static void serve_node(struct lobby *l, uint32_t index)
{
	struct node *n = &l->nodes[index];
	altair_rendezvous_output out;
	enum altair_rendezvous_step step;

	while (n->r && (step = altair_rendezvous_poll(n->r, &out)) !=
			       ALTAIR_RENDEZVOUS_WAIT) {
		note_hash(l, 100 + (uint64_t)step, out.client);
		if (step == ALTAIR_RENDEZVOUS_NOTES)
			fetch_notes(l, n, out.client);
		else if (step == ALTAIR_RENDEZVOUS_CLOSE)
			break_link(l, n->links[out.client]);
		else if (step == ALTAIR_RENDEZVOUS_ASK)
			answer(l, index, &out.ask);
		else
			post(l, index, &out);
	}
	if (!n->r)
		return;
	n->deadline = out.deadline;
	check_node(l, n);
}

static bool is_of_node(const struct lobby *l, const struct link *k)
{
	return l->nodes[k->node].r && l->nodes[k->node].epoch == k->epoch &&
	       k->at_node;
}

static void node_leaves(struct lobby *l, uint32_t link)
{
	struct link *k = &l->links[link];

	if (is_of_node(l, k)) {
		altair_rendezvous_left(l->nodes[k->node].r, l->now, k->client);
		l->nodes[k->node].links[k->client] = NONE;
		k->at_node = false;
		serve_node(l, k->node);
	}
	k->at_node = false;
}

static void user_says(struct lobby *l, uint32_t index)
{
	struct user *u = &l->users[index];
	uint8_t bytes[SIM_SPEECH_MAX];

	if (!u->v || u->is_over || u->said >= u->total || u->room == NONE)
		return;
	if (altair_visit_send(u->v, l->now, u->room,
			      sim_speech_make(index, u->said + 1, bytes)) == 0)
		u->said++;
	plan(l, l->now + sim_rng_ms(&l->rng, 0, 8000), SIM_USER_SAYS, index);
}

/* Judges a message, and takes it. */
static void hear(struct lobby *l, uint32_t index, altair_bytes body)
{
	struct user *u = &l->users[index];
	uint32_t from, number;

	if (!sim_speech_read(body, &from, &number))
		broken(l, "a message that is not whole");
	else if (from >= l->user_count || from == index)
		broken(l, "a message of nobody");
	else if (u->from != NONE && u->from != from)
		broken(l, "a mailbox with three");
	else if (number != u->received + 1)
		broken(l, "a message lost, double or out of order");
	if (l->report->fault)
		return;
	u->from = from;
	u->received = number;
	if (l->users[from].arrived < number)
		l->users[from].arrived = number;
	l->report->messages++;
}

/* A second call of the same partner: it arrives, and is not wanted. */
static void hear_and_close(struct lobby *l, uint32_t index, uint32_t room,
			   altair_bytes body)
{
	uint32_t from, number;

	if (!sim_speech_read(body, &from, &number) || from >= l->user_count)
		broken(l, "a message of nobody");
	else if (l->users[from].arrived < number)
		l->users[from].arrived = number;
	altair_visit_close(l->users[index].v, l->now, room, false);
}

static void check_user(struct lobby *l, uint32_t index)
{
	struct user *u = &l->users[index];
	unsigned pending;

	if (u->room == NONE || u->is_over || !u->has_begun)
		return;
	pending = altair_visit_pending(u->v, u->room);
	if (u->said - pending > u->arrived)
		broken(l, "acknowledged, and has not arrived");
	u->is_done |=
		u->said == u->total && pending == 0 && u->received == u->total;
}

static void tell_partner(struct lobby *l, uint32_t index, uint32_t nameplate)
{
	struct sim_event *e;

	e = plan(l, l->now + sim_rng_ms(&l->rng, 200, 8000), SIM_USER_HEARS,
		 index + 1);
	e->value = nameplate;
	if (!l->config->has_strangers)
		return;
	e = plan(l, l->now + sim_rng_ms(&l->rng, 200, 12000), SIM_USER_HEARS,
		 2 * l->config->pairs + index / 2);
	e->value = nameplate;
}

static void user_event(struct lobby *l, uint32_t index,
		       enum altair_visit_step step,
		       const altair_visit_output *out)
{
	struct user *u = &l->users[index];

	switch (step) {
	case ALTAIR_VISIT_NAMEPLATE:
		tell_partner(l, index, out->nameplate);
		break;
	case ALTAIR_VISIT_PRESENT:
		if (!u->has_begun)
			plan(l, l->now + sim_rng_ms(&l->rng, 1, 4000),
			     SIM_USER_HEARS, index + 1);
		u->has_begun = true;
		break;
	case ALTAIR_VISIT_CALLED:
		if (u->room != NONE) { /* one is enough */
			altair_visit_close(u->v, l->now, out->mailbox, false);
			break;
		}
		u->room = out->mailbox;
		plan(l, l->now, SIM_USER_SAYS, index);
		break;
	case ALTAIR_VISIT_REFUSED:
	case ALTAIR_VISIT_GONE:
		if (out->mailbox != u->room)
			break;
		u->is_over = true;
		u->was_refused = step == ALTAIR_VISIT_REFUSED;
		break;
	default:
		break;
	}
}

static void leave_link(struct lobby *l, struct user *u)
{
	if (u->link == NONE)
		return;
	l->links[u->link].at_user = false;
	break_link(l, u->link);
	u->link = NONE;
}

static void serve_user(struct lobby *l, uint32_t index)
{
	struct user *u = &l->users[index];
	altair_visit_output out;
	enum altair_visit_step step;

	while (u->v &&
	       (step = altair_visit_poll(u->v, &out)) != ALTAIR_VISIT_WAIT) {
		note_hash(l, 200 + (uint64_t)step, index);
		if (step == ALTAIR_VISIT_CONNECT)
			connect(l, index);
		else if (step == ALTAIR_VISIT_DISCONNECT)
			leave_link(l, u);
		else if (step == ALTAIR_VISIT_NOTE)
			send_up(l, u->link, &out.note);
		else
			user_event(l, index, step, &out);
	}
	if (!u->v)
		return;
	u->deadline = out.deadline;
	check_user(l, index);
}

static void user_loses(struct lobby *l, uint32_t link)
{
	struct link *k = &l->links[link];
	struct user *u = &l->users[k->user];

	if (!k->at_user)
		return;
	k->at_user = false;
	if (u->link != link)
		return;
	u->link = NONE;
	if (!u->v)
		return;
	altair_visit_lost(u->v, l->now);
	serve_user(l, k->user);
}

static void open_link(struct lobby *l, uint32_t link)
{
	struct link *k = &l->links[link];
	struct node *n = &l->nodes[k->node];
	altair_addr addr = {.family = ALTAIR_IPV4,
			    .ip = {10, 0, 0, (uint8_t)k->user}};
	uint32_t client = 0;

	if (!k->at_user || !is_whole(k))
		return;
	while (client < CLIENTS_MAX && n->links[client] != NONE)
		client++;
	if (!n->r || n->epoch != k->epoch || client == CLIENTS_MAX ||
	    chance(l, l->is_closing ? 0 : l->config->faults.refuse) ||
	    altair_rendezvous_joined(n->r, l->now, client, &addr) < 0) {
		user_loses(l, link);
		return;
	}
	k->client = client;
	k->at_node = true;
	n->links[client] = link;
	altair_visit_opened(l->users[k->user].v, l->now);
	serve_user(l, k->user);
	serve_node(l, k->node);
}

static void note_at_user(struct lobby *l, const struct sim_event *e)
{
	const struct link *k = &l->links[e->who];
	struct user *u = &l->users[k->user];
	uint32_t room = NONE;

	if (!k->at_user || u->link != e->who || !u->v)
		return;
	serve_user(l, k->user);
	if (altair_visit_take(u->v, l->now, &e->note, &room) ==
	    ALTAIR_VISIT_BODY) {
		if (room == u->room)
			hear(l, k->user, e->note.body);
		else
			hear_and_close(l, k->user, room, e->note.body);
	}
	serve_user(l, k->user);
}

/* The listener's code is heard, or it is said that the partner is there. */
static void user_hears(struct lobby *l, uint32_t index, uint32_t nameplate)
{
	struct user *u = &l->users[index];
	uint8_t bytes[SIM_SPEECH_MAX], pair[ALTAIR_NOTE_ID_LEN] = {0};
	altair_bytes body = sim_speech_make(index, 1, bytes);
	uint8_t hash[32];
	altair_bytes spki;
	int room;

	if (u->has_begun || !u->v)
		return;
	if (u->role == CALLER) {
		spki = (altair_bytes){l->users[index - 1].key, sizeof u->key};
		l->crypto.sha256(l->crypto.user, &spki, 1, hash);
		room = altair_visit_call(u->v, l->now, hash, pair, body);
	} else {
		room = altair_visit_claim(u->v, l->now, nameplate, body);
	}
	if (room < 0)
		abort();
	u->room = (uint32_t)room;
	u->said = 1;
	u->has_begun = true;
	plan(l, l->now + sim_rng_ms(&l->rng, 0, 3000), SIM_USER_SAYS, index);
	serve_user(l, index);
}

static void start_user(struct lobby *l, uint32_t index, enum role role)
{
	struct user *u = &l->users[index];
	altair_visit_config config;
	size_t len;

	*u = (struct user){.role = role,
			   .link = NONE,
			   .room = NONE,
			   .from = NONE,
			   .total = l->config->messages};
	l->crypto.random(l->crypto.user, u->key, sizeof u->key);
	altair_visit_config_default(&config);
	config.crypto = &l->crypto;
	config.spki = (altair_bytes){u->key, sizeof u->key};
	config.sign = sim_speech_sign;
	config.sign_user = u->key;
	len = altair_visit_size(&config);
	u->mem = malloc(len);
	if (!u->mem ||
	    altair_visit_init(&u->v, u->mem, len, &config, l->now) < 0)
		abort();
	if (role == LISTENER) {
		u->room = (uint32_t)altair_visit_listen(u->v, l->now);
		u->has_begun = true;
		plan(l, l->now + sim_rng_ms(&l->rng, 0, 20000), SIM_USER_SAYS,
		     index);
	} else if (role == CALLEE) {
		altair_visit_present(u->v, l->now);
	}
	serve_user(l, index);
}

static void cut_directory(struct lobby *l)
{
	l->report->outages++;
	l->directory_is_up = false;
	if (chance(l, l->config->faults.amnesia))
		sim_registry_clear(&l->registry);
	for (uint32_t i = 0; i < l->config->nodes; i++)
		if (l->nodes[i].r)
			altair_rendezvous_directory(l->nodes[i].r, l->now,
						    false);
	plan(l, l->now + sim_rng_ms(&l->rng, 500, 30000), SIM_DIRECTORY_REVIVES,
	     0);
}

static void trouble(struct lobby *l)
{
	const struct sim_lobby_faults *f = &l->config->faults;

	if (l->now >= l->start + l->config->trouble)
		return;
	for (uint32_t i = 0; i < l->user_count; i++) {
		uint32_t link = l->users[i].link;

		if (link == NONE || !is_whole(&l->links[link]))
			continue;
		if (chance(l, f->connection))
			break_link(l, link);
		else if (l->links[link].at_node && chance(l, f->slow)) {
			l->links[link].is_slow = true;
			plan(l, l->now + sim_rng_ms(&l->rng, 500, 20000),
			     SIM_READS, link);
		}
	}
	for (uint32_t i = 0; i < l->config->nodes; i++)
		if (l->nodes[i].r && chance(l, f->death))
			kill_node(l, i);
	if (l->config->nodes > 1 && l->directory_is_up && chance(l, f->outage))
		cut_directory(l);
	plan(l, l->now + ALTAIR_SEC(1), SIM_TROUBLE, 0);
}

static void read_again(struct lobby *l, uint32_t link)
{
	struct link *k = &l->links[link];

	k->is_slow = false;
	if (!is_of_node(l, k))
		return;
	fetch_notes(l, &l->nodes[k->node], k->client);
	serve_node(l, k->node);
}

static void at_node(struct lobby *l, const struct sim_event *e)
{
	const struct link *k = &l->links[e->who];

	if (!is_of_node(l, k))
		return;
	if (altair_rendezvous_may_speak(l->nodes[k->node].r, l->now, k->client))
		altair_rendezvous_take(l->nodes[k->node].r, l->now, k->client,
				       &e->note);
	serve_node(l, k->node);
}

static void post_arrives(struct lobby *l, const struct sim_event *e)
{
	struct node *n = &l->nodes[e->who];

	if (!n->r || n->epoch != e->value)
		return;
	altair_rendezvous_posted(n->r, l->now, e->id,
				 (altair_bytes){e->bytes, e->len});
	serve_node(l, e->who);
}

static void directory_answers(struct lobby *l, const struct sim_event *e)
{
	struct node *n = &l->nodes[e->who];

	if (!n->r || (uint32_t)n->epoch != e->note.seconds)
		return;
	altair_rendezvous_answer(n->r, l->now, e->value, e->flag,
				 (altair_bytes){e->bytes, e->len});
	serve_node(l, e->who);
}

static void directory_revives(struct lobby *l)
{
	l->directory_is_up = true;
	for (uint32_t i = 0; i < l->config->nodes; i++) {
		if (!l->nodes[i].r)
			continue;
		altair_rendezvous_directory(l->nodes[i].r, l->now, true);
		serve_node(l, i);
	}
}

static void happen(struct lobby *l, const struct sim_event *e)
{
	note_hash(l, 300 + (uint64_t)e->kind, e->who);
	switch (e->kind) {
	case SIM_TO_NODE:
		at_node(l, e);
		break;
	case SIM_TO_USER:
		note_at_user(l, e);
		break;
	case SIM_OPENS:
		open_link(l, e->who);
		break;
	case SIM_BREAKS_AT_NODE:
		node_leaves(l, e->who);
		break;
	case SIM_BREAKS_AT_USER:
		user_loses(l, e->who);
		break;
	case SIM_POST_ARRIVES:
		post_arrives(l, e);
		break;
	case SIM_DIRECTORY_ANSWERS:
		directory_answers(l, e);
		break;
	case SIM_USER_SAYS:
		user_says(l, e->who);
		serve_user(l, e->who);
		break;
	case SIM_USER_HEARS:
		user_hears(l, e->who, (uint32_t)e->value);
		break;
	case SIM_NODE_REVIVES:
		start_node(l, e->who);
		serve_node(l, e->who);
		break;
	case SIM_DIRECTORY_REVIVES:
		directory_revives(l);
		break;
	case SIM_READS:
		read_again(l, e->who);
		break;
	case SIM_TROUBLE:
		trouble(l);
		break;
	}
}

/* The earliest deadline of a machine, and whose it is: users behind nodes. */
static altair_time next_deadline(const struct lobby *l, uint32_t *who)
{
	altair_time next = ALTAIR_NEVER;

	for (uint32_t i = 0; i < l->config->nodes; i++)
		if (l->nodes[i].r && l->nodes[i].deadline < next) {
			next = l->nodes[i].deadline;
			*who = i;
		}
	for (uint32_t i = 0; i < l->user_count; i++)
		if (l->users[i].v && l->users[i].deadline < next) {
			next = l->users[i].deadline;
			*who = SIM_LOBBY_NODES + i;
		}
	return next;
}

static void tick(struct lobby *l, uint32_t who)
{
	if (who < SIM_LOBBY_NODES) {
		altair_rendezvous_tick(l->nodes[who].r, l->now);
		serve_node(l, who);
	} else {
		altair_visit_tick(l->users[who - SIM_LOBBY_NODES].v, l->now);
		serve_user(l, who - SIM_LOBBY_NODES);
	}
}

static void run_until(struct lobby *l, altair_time end)
{
	unsigned at_once = 0;

	while (!l->report->fault) {
		uint32_t who = 0;
		altair_time deadline = next_deadline(l, &who);
		altair_time planned = sim_agenda_next(&l->agenda);
		bool is_event = planned != ALTAIR_NEVER && planned <= deadline;
		altair_time next = is_event ? planned : deadline;

		if (next > end)
			break;
		at_once = next > l->now ? 0 : at_once + 1;
		if (at_once > 100000)
			broken(l, "time stands still");
		l->now = next > l->now ? next : l->now;
		if (is_event) {
			struct sim_event *e = sim_agenda_take(&l->agenda);

			happen(l, e);
			sim_event_free(e);
		} else {
			tick(l, who);
		}
	}
	l->now = end;
}

/* All have come to their end: everything arrived, or they were told. */
static void judge_ends(struct lobby *l)
{
	bool is_calm = l->config->trouble == 0 && !l->config->has_strangers;

	for (uint32_t i = 0; i < l->user_count; i++) {
		const struct user *u = &l->users[i];

		l->report->gone += u->is_over && !u->was_refused;
		l->report->refused += u->was_refused;
		if (i % 2 == 0 && i < 2 * l->config->pairs)
			l->report->met += u->is_done && u[1].is_done;
		if (u->room == NONE || u->is_over || u->is_done)
			continue;
		if (u->role == LISTENER && u->from == NONE)
			continue; /* who waits may wait */
		broken(l, "somebody waits for ever");
	}
	if (is_calm && l->report->met < l->config->pairs)
		broken(l, "a pair has not met, and there was no trouble");
}

/* Everybody leaves; servers forget all. */
static void judge_rest(struct lobby *l)
{
	altair_rendezvous_stats stats;

	l->is_closing = true;
	for (uint32_t i = 0; i < l->user_count; i++) {
		free(l->users[i].mem);
		l->users[i].mem = NULL;
		l->users[i].v = NULL;
		leave_link(l, &l->users[i]);
	}
	run_until(l, l->now + AFTER);
	for (uint32_t i = 0; i < l->config->nodes && !l->report->fault; i++) {
		altair_rendezvous_get_stats(l->nodes[i].r, &stats);
		if (stats.clients || stats.sides || stats.nameplates ||
		    stats.present || stats.waiting)
			broken(l, "a server keeps what nobody has");
	}
}

static void open_all(struct lobby *l)
{
	l->directory_is_up = l->config->nodes > 1;
	for (uint32_t i = 0; i < l->config->nodes; i++)
		start_node(l, i);
	l->user_count = 2 * l->config->pairs +
			(l->config->has_strangers ? l->config->pairs : 0);
	for (uint32_t i = 0; i < l->config->pairs; i++) {
		bool by_code = chance(l, SIM_MILLION / 2);

		start_user(l, 2 * i, by_code ? LISTENER : CALLEE);
		start_user(l, 2 * i + 1, by_code ? CLAIMER : CALLER);
	}
	for (uint32_t i = 2 * l->config->pairs; i < l->user_count; i++)
		start_user(l, i, STRANGER);
	plan(l, l->now + ALTAIR_SEC(1), SIM_TROUBLE, 0);
}

static void close_all(struct lobby *l)
{
	sim_agenda_free(&l->agenda);
	free(l->links);
	for (uint32_t i = 0; i < SIM_LOBBY_NODES; i++)
		free(l->nodes[i].mem);
	for (uint32_t i = 0; i < USERS_MAX; i++)
		free(l->users[i].mem);
	free(l);
}

void sim_lobby_run(uint64_t seed, const struct sim_lobby_config *config,
		   struct sim_lobby_report *out)
{
	struct lobby *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	*out = (struct sim_lobby_report){0};
	l->config = config;
	l->report = out;
	sim_rng_seed(&l->rng, seed, SIM_FOR_MEETING, 0);
	sim_rng_seed(&l->secrets, seed, SIM_FOR_SECRETS, 0);
	l->crypto = sim_digest_crypto(&l->secrets);
	l->now = l->start = ALTAIR_SEC(5);
	open_all(l);
	run_until(l, l->start + config->trouble + TAIL);
	if (!out->fault)
		judge_ends(l);
	if (!out->fault)
		judge_rest(l);
	close_all(l);
}
