/*
 * libnice as a program that speaks the JSON Lines of `altair agent`.
 *
 * Besides those options: --ice-tcp off|on|only (off), --regular (nomination;
 * libnice's default is aggressive), --lite, --no-trickle (RFC 5245: candidates
 * count as complete when set). It knows one STUN server. A restart keeps its
 * candidates, which are told again.
 */
#define _GNU_SOURCE
#include <jansson.h>
#include <nice/agent.h>

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMPONENT 1
#define LINE_MAX_LEN 65536

static struct {
	GMainLoop *loop;
	NiceAgent *agent;
	guint stream;
	gint64 began_us;
	char *ufrag; /* the other's, once known */
	bool is_lite;
	bool is_gathered;
	bool has_restarted; /* by ourselves; the other's credentials to come */
	char line[LINE_MAX_LEN];
	size_t line_len;
} p;

struct options {
	bool is_controlling, is_relay_only, holds, is_lite, is_regular;
	bool has_no_trickle;
	const char *stun, *ice_tcp;
	const char *turns[8];
	size_t turns_count;
};

/* --- What is said --------------------------------------------------------- */

/* Takes the object. */
static void say(const char *event, json_t *object)
{
	gint64 t_us = g_get_monotonic_time() - p.began_us;

	json_object_set_new(object, "v", json_integer(1));
	json_object_set_new(object, "t", json_integer(t_us / 1000));
	json_object_set_new(object, "event", json_string(event));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(object);
}

static void say_error(const char *message)
{
	say("error",
	    json_pack("{s:s s:s}", "name", "peer", "message", message));
}

static void say_credentials(void)
{
	gchar *ufrag = NULL, *pwd = NULL;

	nice_agent_get_local_credentials(p.agent, p.stream, &ufrag, &pwd);
	say("credentials", json_pack("{s:s s:s s:b}", "ufrag", ufrag, "pwd",
				     pwd, "lite", p.is_lite));
	g_free(ufrag);
	g_free(pwd);
}

/* The caller frees the line, which begins with "candidate:". */
static gchar *line_of(NiceCandidate *c)
{
	gchar *sdp = nice_agent_generate_local_candidate_sdp(p.agent, c);
	gchar *line = g_strdup(sdp ? sdp + strlen("a=") : "");

	g_free(sdp);
	return line;
}

static void say_candidate(NiceCandidate *c)
{
	gchar *line = line_of(c);

	say("candidate", json_pack("{s:s}", "candidate", line));
	g_free(line);
}

static void on_candidate(NiceAgent *agent, NiceCandidate *c, gpointer data)
{
	(void)agent;
	(void)data;
	say_candidate(c);
}

static void on_gathered(NiceAgent *agent, guint stream, gpointer data)
{
	(void)agent;
	(void)stream;
	(void)data;
	p.is_gathered = true;
	say("end-of-candidates", json_object());
}

static void on_state(NiceAgent *agent, guint stream, guint component,
		     guint state, gpointer data)
{
	static const char *const names[] = {"disconnected", "gathering",
					    "checking",	    "connected",
					    "completed",    "failed"};

	(void)agent;
	(void)stream;
	(void)component;
	(void)data;
	say("state", json_pack("{s:s}", "state", names[state]));
}

static const char *kind_of(const NiceCandidate *a, const NiceCandidate *b)
{
	if (a->type == NICE_CANDIDATE_TYPE_RELAYED ||
	    b->type == NICE_CANDIDATE_TYPE_RELAYED)
		return "relay";
	return a->transport == NICE_CANDIDATE_TRANSPORT_UDP ? "direct" : "tcp";
}

static void on_selected(gpointer data, guint stream, guint component,
			NiceCandidate *local, NiceCandidate *remote)
{
	gchar *ours = line_of(local), *theirs = line_of(remote);

	(void)stream;
	(void)component;
	(void)data;
	say("selected",
	    json_pack("{s:s s:s s:s}", "kind", kind_of(local, remote), "local",
		      ours, "remote", theirs));
	g_free(ours);
	g_free(theirs);
}

static void on_data(NiceAgent *agent, guint stream, guint component, guint len,
		    gchar *bytes, gpointer data)
{
	json_t *text = json_stringn(bytes, len);
	gchar *base64;

	(void)agent;
	(void)stream;
	(void)component;
	(void)data;
	if (text) {
		say("data", json_pack("{s:o}", "text", text));
		return;
	}
	base64 = g_base64_encode((const guchar *)bytes, len);
	say("data", json_pack("{s:s}", "base64", base64));
	g_free(base64);
}

/* --- What is commanded ---------------------------------------------------- */

static void gather(void)
{
	if (!nice_agent_gather_candidates(p.agent, p.stream))
		say_error("cannot gather");
}

/* New credentials, and the candidates again. */
static void restart(bool is_ours)
{
	GSList *candidates;

	p.has_restarted = is_ours;
	nice_agent_restart_stream(p.agent, p.stream);
	say_credentials();
	candidates =
		nice_agent_get_local_candidates(p.agent, p.stream, COMPONENT);
	for (GSList *i = candidates; i; i = i->next)
		say_candidate(i->data);
	g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
	if (p.is_gathered)
		say("end-of-candidates", json_object());
}

static void learn_remote(const char *ufrag, const char *pwd)
{
	if (p.ufrag && strcmp(p.ufrag, ufrag) != 0 && !p.has_restarted)
		restart(false);
	p.has_restarted = false;
	g_free(p.ufrag);
	p.ufrag = g_strdup(ufrag);
	if (!nice_agent_set_remote_credentials(p.agent, p.stream, ufrag, pwd))
		say_error("bad credentials");
}

static void learn_candidate(const char *text)
{
	gchar *line = g_strconcat("a=", text, NULL);
	NiceCandidate *c =
		nice_agent_parse_remote_candidate_sdp(p.agent, p.stream, line);
	GSList *list = g_slist_append(NULL, c);

	if (!c || nice_agent_set_remote_candidates(p.agent, p.stream, COMPONENT,
						   list) < 0)
		say_error("bad candidate");
	g_slist_free(list);
	g_free(line);
	if (c)
		nice_candidate_free(c);
}

static const char *text_of(json_t *command, const char *key)
{
	const char *text = json_string_value(json_object_get(command, key));

	return text ? text : "";
}

static void send_bytes(json_t *command)
{
	const char *text = text_of(command, "text");
	const char *base64 = text_of(command, "base64");
	gsize len = strlen(text);
	guchar *bytes = *base64 ? g_base64_decode(base64, &len) : NULL;

	if (nice_agent_send(p.agent, p.stream, COMPONENT, (guint)len,
			    bytes ? (const gchar *)bytes : text) < 0)
		say_error("cannot send");
	g_free(bytes);
}

static void obey(json_t *command)
{
	const char *cmd = text_of(command, "cmd");

	if (!strcmp(cmd, "gather"))
		gather();
	else if (!strcmp(cmd, "remote"))
		learn_remote(text_of(command, "ufrag"),
			     text_of(command, "pwd"));
	else if (!strcmp(cmd, "candidate"))
		learn_candidate(text_of(command, "candidate"));
	else if (!strcmp(cmd, "end-of-candidates"))
		nice_agent_peer_candidate_gathering_done(p.agent, p.stream);
	else if (!strcmp(cmd, "send"))
		send_bytes(command);
	else if (!strcmp(cmd, "close"))
		g_main_loop_quit(p.loop);
	else if (!strcmp(cmd, "restart"))
		restart(true);
	else
		say_error("no such command here");
}

static gboolean on_stdin(GIOChannel *channel, GIOCondition why, gpointer data)
{
	ssize_t got = read(STDIN_FILENO, p.line + p.line_len,
			   sizeof p.line - p.line_len);
	char *end;

	(void)channel;
	(void)why;
	(void)data;
	if (got <= 0) {
		g_main_loop_quit(p.loop);
		return G_SOURCE_REMOVE;
	}
	p.line_len += (size_t)got;
	while ((end = memchr(p.line, '\n', p.line_len))) {
		size_t len = (size_t)(end + 1 - p.line);
		json_t *command = json_loadb(p.line, len, 0, NULL);

		obey(command);
		json_decref(command);
		p.line_len -= len;
		memmove(p.line, end + 1, p.line_len);
	}
	return G_SOURCE_CONTINUE;
}

/* --- Options -------------------------------------------------------------- */

/* Splits "host:port" or "[host]:port" in place; returns the port. */
static guint split_port(char *text)
{
	char *colon = strrchr(text, ':');
	size_t len;

	if (!colon)
		return 0;
	*colon = '\0';
	len = strlen(text);
	if (*text == '[') {
		text[len - 1] = '\0';
		memmove(text, text + 1, len - 1);
	}
	return (guint)strtoul(colon + 1, NULL, 10);
}

/* turn:USER:PASS@H:P[?transport=udp|tcp|tls] */
static void add_turn(const char *url)
{
	gchar *text = g_strdup(url + strlen("turn:"));
	char *query = strchr(text, '?'), *at = strrchr(text, '@');
	char *colon = strchr(text, ':');
	NiceRelayType type = NICE_RELAY_TYPE_TURN_UDP;
	gchar *name, *password;
	guint port;

	if (query && strstr(query, "=tcp"))
		type = NICE_RELAY_TYPE_TURN_TCP;
	else if (query && strstr(query, "=tls"))
		type = NICE_RELAY_TYPE_TURN_TLS;
	if (query)
		*query = '\0';
	*at = *colon = '\0';
	name = g_uri_unescape_string(text, NULL);
	password = g_uri_unescape_string(colon + 1, NULL);
	port = split_port(at + 1);
	if (!nice_agent_set_relay_info(p.agent, p.stream, COMPONENT, at + 1,
				       port, name, password, type))
		say_error("bad TURN server");
	g_free(name);
	g_free(password);
	g_free(text);
}

static struct options parse(int argc, char **argv)
{
	static struct option known[] = {
		{"controlling", no_argument, NULL, 'c'},
		{"controlled", no_argument, NULL, 'd'},
		{"stun", required_argument, NULL, 's'},
		{"turn", required_argument, NULL, 't'},
		{"relay-only", no_argument, NULL, 'r'},
		{"hold", no_argument, NULL, 'h'},
		{"ta", required_argument, NULL, 'i'},
		{"ca", required_argument, NULL, 'i'},
		{"ice-tcp", required_argument, NULL, 'I'},
		{"lite", no_argument, NULL, 'l'},
		{"regular", no_argument, NULL, 'R'},
		{"no-trickle", no_argument, NULL, 'T'},
		{NULL, 0, NULL, 0}};
	struct options o = {.ice_tcp = "off"};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		o.is_controlling |= c == 'c';
		o.is_relay_only |= c == 'r';
		o.holds |= c == 'h';
		o.is_lite |= c == 'l';
		o.is_regular |= c == 'R';
		o.has_no_trickle |= c == 'T';
		if (c == 's')
			o.stun = optarg;
		else if (c == 'I')
			o.ice_tcp = optarg;
		else if (c == 't' && o.turns_count < 8)
			o.turns[o.turns_count++] = optarg;
		else if (c == '?')
			exit(2);
	}
	return o;
}

static void set_stun(const char *server)
{
	gchar *text = g_strdup(server);
	guint port = split_port(text);

	g_object_set(p.agent, "stun-server", text, "stun-server-port", port,
		     NULL);
	g_free(text);
}

static void open_agent(const struct options *o)
{
	NiceAgentOption flags = NICE_AGENT_OPTION_CONSENT_FRESHNESS;

	if (o->is_lite)
		flags |= NICE_AGENT_OPTION_LITE_MODE;
	if (o->is_regular)
		flags |= NICE_AGENT_OPTION_REGULAR_NOMINATION;
	if (!o->has_no_trickle)
		flags |= NICE_AGENT_OPTION_ICE_TRICKLE;
	p.agent = nice_agent_new_full(g_main_loop_get_context(p.loop),
				      NICE_COMPATIBILITY_RFC5245, flags);
	g_object_set(p.agent, "controlling-mode", o->is_controlling, "upnp",
		     FALSE, "force-relay", o->is_relay_only, "ice-tcp",
		     strcmp(o->ice_tcp, "off") != 0, "ice-udp",
		     strcmp(o->ice_tcp, "only") != 0, NULL);
	if (o->stun)
		set_stun(o->stun);
	p.stream = nice_agent_add_stream(p.agent, COMPONENT);
	for (size_t i = 0; i < o->turns_count; i++)
		add_turn(o->turns[i]);
	g_signal_connect(p.agent, "new-candidate-full",
			 G_CALLBACK(on_candidate), NULL);
	g_signal_connect(p.agent, "candidate-gathering-done",
			 G_CALLBACK(on_gathered), NULL);
	g_signal_connect(p.agent, "component-state-changed",
			 G_CALLBACK(on_state), NULL);
	g_signal_connect_swapped(p.agent, "new-selected-pair-full",
				 G_CALLBACK(on_selected), NULL);
	nice_agent_attach_recv(p.agent, p.stream, COMPONENT,
			       g_main_loop_get_context(p.loop), on_data, NULL);
}

int main(int argc, char **argv)
{
	struct options o = parse(argc, argv);
	GIOChannel *in = g_io_channel_unix_new(STDIN_FILENO);

	p.is_lite = o.is_lite;
	p.began_us = g_get_monotonic_time();
	p.loop = g_main_loop_new(NULL, FALSE);
	open_agent(&o);
	g_io_add_watch(in, G_IO_IN | G_IO_HUP, on_stdin, NULL);
	say_credentials();
	if (!o.holds)
		gather();
	g_main_loop_run(p.loop);
	g_object_unref(p.agent);
	g_io_channel_unref(in);
	g_main_loop_unref(p.loop);
	g_free(p.ufrag);
	return 0;
}
