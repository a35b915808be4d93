/*
 * The script that two agents need between them.
 */
#define _GNU_SOURCE
#include "agent_side.h"

#include <stdio.h>
#include <string.h>

#define ARGUMENTS_MAX 24

bool side_text(struct side *side, const char *name, char *out, size_t cap)
{
	struct proc *p = &side->proc;
	const char *from, *end;
	char key[40];

	snprintf(key, sizeof key, "\"%s\":\"", name);
	if (!proc_expect(p, key) || !proc_expect(p, "\""))
		return false;
	end = p->out_text + p->seen - 1;
	for (from = end; from[-1] != '"'; from--)
		;
	if ((size_t)(end - from) >= cap)
		return false;
	memcpy(out, from, (size_t)(end - from));
	out[end - from] = '\0';
	return true;
}

bool side_read_credentials(struct side *side)
{
	char before[sizeof side->ufrag];

	memcpy(before, side->ufrag, sizeof before);
	return proc_expect(&side->proc, "\"event\":\"credentials\"") &&
	       side_text(side, "ufrag", side->ufrag, sizeof side->ufrag) &&
	       side_text(side, "pwd", side->pwd, sizeof side->pwd) &&
	       strcmp(before, side->ufrag) != 0;
}

bool side_start(struct side *side, const char *role, const char *const more[])
{
	return side_start_on(side, "lo", role, more);
}

bool side_start_on(struct side *side, const char *interface, const char *role,
		   const char *const more[])
{
	const char *args[ARGUMENTS_MAX] = {"agent", role, "--interface",
					   interface};

	for (size_t i = 4; *more && i < ARGUMENTS_MAX - 1; i++)
		args[i] = *more++;
	*side = (struct side){.candidates_count = 0};
	proc_start(&side->proc, PROC_PIPE, args);
	return side_read_credentials(side);
}

bool side_read_candidates(struct side *side)
{
	char word[64] = "", *line;

	side->candidates_count = 0;
	while (side_text(side, "event", word, sizeof word) &&
	       strcmp(word, "end-of-candidates") != 0) {
		if (strcmp(word, "candidate") != 0)
			continue;
		if (side->candidates_count == SIDE_CANDIDATES_MAX)
			return false;
		line = side->candidates[side->candidates_count];
		if (!side_text(side, "candidate", line,
			       sizeof *side->candidates))
			return false;
		if (!strchr(line + strlen("candidate:"), ':'))
			side->candidates_count++;
	}
	return strcmp(word, "end-of-candidates") == 0;
}

void side_introduce(const struct side *from, struct side *to)
{
	char line[400];

	snprintf(line, sizeof line,
		 "{\"cmd\":\"remote\",\"ufrag\":\"%s\",\"pwd\":\"%s\"}\n",
		 from->ufrag, from->pwd);
	proc_type(&to->proc, line);
	for (size_t i = 0; i < from->candidates_count; i++) {
		snprintf(line, sizeof line,
			 "{\"cmd\":\"candidate\",\"candidate\":\"%s\"}\n",
			 from->candidates[i]);
		proc_type(&to->proc, line);
	}
	proc_type(&to->proc, "{\"cmd\":\"end-of-candidates\"}\n");
}
