#include "sim/signal.h"

#include <stdlib.h>
#include <string.h>

struct sim_signalling {
	struct sim_node node;
	void (*hear)(void *user, const struct sim_signal *signal);
	void *user;
	struct sim_signal *signals; /* on their way, in no order */
	size_t count, cap;
	uint64_t numbers;
	altair_time last[2]; /* arrival at each side */
};

/* The first to arrive, NULL when none is on its way. */
static struct sim_signal *first_of(const struct sim_signalling *signalling)
{
	struct sim_signal *first = NULL;

	for (size_t i = 0; i < signalling->count; i++) {
		struct sim_signal *s = &signalling->signals[i];

		if (!first || s->at < first->at ||
		    (s->at == first->at && s->number < first->number))
			first = s;
	}
	return first;
}

static altair_time signalling_next_at(const struct sim_node *node)
{
	const struct sim_signal *first =
		first_of((const struct sim_signalling *)node);

	return first ? first->at : ALTAIR_NEVER;
}

static void signalling_run(struct sim_node *node)
{
	struct sim_signalling *signalling = (struct sim_signalling *)node;
	struct sim_signal *first = first_of(signalling), signal = *first;

	*first = signalling->signals[--signalling->count];
	signalling->hear(signalling->user, &signal);
}

static void signalling_free(struct sim_node *node)
{
	free(((struct sim_signalling *)node)->signals);
	free(node);
}

static const struct sim_node_ops signalling_ops = {
	.next_at = signalling_next_at,
	.run = signalling_run,
	.free = signalling_free,
};

struct sim_signalling *
sim_signalling_new(void (*hear)(void *user, const struct sim_signal *signal),
		   void *user)
{
	struct sim_signalling *signalling = calloc(1, sizeof *signalling);

	if (!signalling)
		return NULL;
	signalling->node =
		(struct sim_node){.ops = &signalling_ops, .name = "signalling"};
	signalling->hear = hear;
	signalling->user = user;
	return signalling;
}

struct sim_node *sim_signalling_node(struct sim_signalling *signalling)
{
	return &signalling->node;
}

void sim_signalling_carry(struct sim_signalling *signalling,
			  const struct sim_signal *signal)
{
	altair_time *last = &signalling->last[signal->to];
	struct sim_signal *new;

	if (signalling->count == signalling->cap) {
		signalling->cap = signalling->cap ? signalling->cap * 2 : 16;
		signalling->signals = sim_must(
			realloc(signalling->signals,
				signalling->cap * sizeof *signalling->signals));
	}
	new = &signalling->signals[signalling->count++];
	*new = *signal;
	new->number = signalling->numbers++;
	if (new->at < *last)
		new->at = *last;
	*last = new->at;
}
