/*
 * establish - the guide's programmatic usage: connect to a peer whose public
 * endpoint you were told, say hello, hear hello.
 *
 *	establish PEER_IP:PORT [LOCAL_IP:PORT] [initiator]
 *
 * The peer runs the same, with our endpoint, at about the same time. LOCAL is
 * the socket that found our endpoint; altair_conn_discover finds it in the
 * same program (uv_chat shows that).
 */
#include <altair/conn.h>

#include <stdio.h>
#include <string.h>

static int fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, altair_strerror(error));
	return 1;
}

static int talk(altair_conn *conn)
{
	static const char hello[] = "Hello!";
	char reply[ALTAIR_MESSAGE_MAX];
	size_t len;
	int error;

	error = altair_conn_validate(conn);
	if (error < 0)
		return fail("PING-PONG", error);
	error = altair_conn_send(
		conn, (altair_bytes){(const uint8_t *)hello, strlen(hello)},
		NULL);
	if (error < 0)
		return fail("sending", error);
	error = altair_conn_receive(conn, ALTAIR_SEC(5), reply, sizeof reply,
				    &len, NULL);
	if (error < 0)
		return fail("receiving", error);
	printf("Received: %.*s\n", (int)len, reply);
	return 0;
}

int main(int argc, char **argv)
{
	altair_punch_config config;
	altair_addr peer, local;
	altair_conn *conn;
	int error, status;

	if (argc < 2 || altair_addr_parse(&peer, argv[1]) < 0 ||
	    (argc > 2 && altair_addr_parse(&local, argv[2]) < 0)) {
		fprintf(stderr, "usage: establish PEER_IP:PORT "
				"[LOCAL_IP:PORT] [initiator]\n");
		return 2;
	}
	altair_punch_config_default(&config);
	config.initiator = argc > 3;
	error = altair_conn_establish_with(&conn, argc > 2 ? &local : NULL,
					   &peer, &config);
	if (error < 0)
		return fail("connecting", error);
	printf("Connected!\n");
	status = talk(conn);
	altair_conn_close(conn);
	return status;
}
