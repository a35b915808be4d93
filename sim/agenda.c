/* A binary heap. */
#include "sim/agenda.h"

#include <stdlib.h>
#include <string.h>

static bool is_sooner(const struct sim_event *a, const struct sim_event *b)
{
	return a->at < b->at || (a->at == b->at && a->seq < b->seq);
}

struct sim_event *sim_agenda_plan(struct sim_agenda *agenda, altair_time at,
				  enum sim_event_kind kind, uint32_t who)
{
	struct sim_event *e = calloc(1, sizeof *e);
	size_t i = agenda->count++;

	if (!e)
		abort();
	*e = (struct sim_event){
		.at = at, .seq = agenda->seq++, .kind = kind, .who = who};
	if (agenda->count > agenda->cap) {
		agenda->cap = 2 * agenda->cap + 64;
		agenda->heap = realloc(
			agenda->heap, agenda->cap * sizeof(struct sim_event *));
		if (!agenda->heap)
			abort();
	}
	while (i > 0 && is_sooner(e, agenda->heap[(i - 1) / 2])) {
		agenda->heap[i] = agenda->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	agenda->heap[i] = e;
	return e;
}

struct sim_event *sim_agenda_take(struct sim_agenda *agenda)
{
	struct sim_event *first = agenda->heap[0],
			 *last = agenda->heap[--agenda->count];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= agenda->count)
			break;
		if (child + 1 < agenda->count &&
		    is_sooner(agenda->heap[child + 1], agenda->heap[child]))
			child++;
		if (!is_sooner(agenda->heap[child], last))
			break;
		agenda->heap[i] = agenda->heap[child];
		i = child;
	}
	if (agenda->count)
		agenda->heap[i] = last;
	return first;
}

void sim_event_set_bytes(struct sim_event *e, altair_bytes bytes)
{
	e->bytes = malloc(bytes.len + 1);
	if (!e->bytes)
		abort();
	if (bytes.len)
		memcpy(e->bytes, bytes.data, bytes.len);
	e->len = bytes.len;
}

void sim_event_set_note(struct sim_event *e, const altair_note *note)
{
	uint8_t all[ALTAIR_NOTE_BODY_MAX + ALTAIR_NOTE_SPKI_MAX +
		    ALTAIR_NOTE_SIGNATURE_MAX];
	const altair_bytes *parts[] = {&note->body, &note->spki,
				       &note->signature};
	altair_bytes *to[] = {&e->note.body, &e->note.spki, &e->note.signature};
	size_t len = 0;

	for (int i = 0; i < 3; i++) {
		if (parts[i]->len)
			memcpy(all + len, parts[i]->data, parts[i]->len);
		len += parts[i]->len;
	}
	sim_event_set_bytes(e, (altair_bytes){all, len});
	e->note = *note;
	for (size_t i = 0, at = 0; i < 3; at += parts[i]->len, i++)
		*to[i] = (altair_bytes){e->bytes + at, parts[i]->len};
}

altair_time sim_agenda_next(const struct sim_agenda *agenda)
{
	return agenda->count ? agenda->heap[0]->at : ALTAIR_NEVER;
}

void sim_event_free(struct sim_event *event)
{
	free(event->bytes);
	free(event);
}

void sim_agenda_free(struct sim_agenda *agenda)
{
	while (agenda->count > 0)
		sim_event_free(sim_agenda_take(agenda));
	free(agenda->heap);
}
