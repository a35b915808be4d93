/*
 * altair-sim: the simulator for people. Without a subcommand it draws one run.
 */
#include "sim.h"

#include "sim/kind.h"
#include "sim/matrix.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage:\n"
	"  altair-sim --nat KIND --nat KIND [option]...   draw one connection\n"
	"  altair-sim --seed N [--explain]                replay what a seed "
	"draws\n"
	"  altair-sim matrix                              every pair of NATs\n"
	"  altair-sim soak --seeds N [--from N] [--jobs N] [--once]\n"
	"                                                 many seeds, each "
	"twice\n"
	"  altair-sim agent [option]...                   draw two agents that "
	"meet\n"
	"  altair-sim agent --seed N [--explain]\n"
	"  altair-sim agent matrix | agent soak --seeds N [--from N] [--jobs "
	"N]\n"
	"                                                 [--once]\n"
	"  altair-sim server [--seed N] [--explain]       a TURN server under "
	"siege\n"
	"  altair-sim server soak --seeds N [--from N] [--jobs N] [--once]\n"
	"  altair-sim nats                                the kinds of NAT\n"
	"\n"
	"Options of a run:\n"
	"  --nat KIND           of peer A; the second one, of peer B\n"
	"  --topology NAME      both at once (altair-sim nats lists them)\n"
	"  --seed N             default 1\n"
	"  --rtt TIME           between the peers, default 50ms\n"
	"  --late-a, --late-b TIME   this side starts so much later\n"
	"  --skew TIME          the same as --late-b\n"
	"  --initiator WHO      a, b, both or none; default a\n"
	"  --guide SIDE         a or b is the guide's own program\n"
	"  --trailing           ... which punches on to the end of its "
	"attempt\n"
	"  --interval TIME, --attempts N, --timeout TIME   as altair connect\n"
	"  --loss, --duplicate, --reorder, --corrupt PERCENT   each way\n"
	"  --jitter TIME        on each of the four lines\n"
	"  --cut SIDE           what this side sends is lost\n"
	"  --nat-lifetime TIME  of a mapping, default 300s\n"
	"  --same-lan           both peers behind the one NAT of A\n"
	"  --stranger N         a stranger sends N datagrams a second\n"
	"  --forged             ... with the peer's address and another port\n"
	"  --quiet TIME         silence before the messages\n"
	"  --messages N         from each side, default 3\n"
	"\n"
	"Options of agent: --nat, --seed, --rtt, --late-a, --late-b, --loss "
	"and "
	"its like,\n"
	"--jitter, --nat-lifetime, --same-lan as above, and\n"
	"  --ipv6, --controlling WHO      a, b, both or none\n"
	"  --mobile-a, --mobile-b KIND    a second interface\n"
	"  --same-carrier, --no-hairpin, --no-server, --no-relay, "
	"--relay-only\n"
	"  --trickle-a, --trickle-b, --signalling TIME   delays of signalling\n"
	"  --ta, --talk, --quiet, --limit TIME\n"
	"  --stranger N         an intruder who sees what crosses the "
	"internet\n"
	"  --change WHAT[:SIDE]@TIME[+TIME]   flush, rebind, move, flap, "
	"sleep,\n"
	"                       cut, server, restart\n"
	"\n"
	"Output:\n"
	"  --svg FILE           the diagram as SVG, too\n"
	"  --discovery          show the discovery, too\n"
	"  --trace              every packet on its own line instead\n"
	"  --ascii              no characters beyond ASCII\n"
	"  --quiet-diagram      the outcome only\n"
	"  --explain            what the seed drew, and from what\n"
	"\n"
	"A time is 400ms, 10s or 2m; a bare number is seconds. Exit status: 0\n"
	"connected, 6 not connected, 1 the judges refuse the run, 2 usage.\n";

int usage_error(const char *what, const char *value)
{
	fprintf(stderr, "altair-sim: %s%s%s%s\nTry `altair-sim --help`.\n",
		what, value ? ": `" : "", value ? value : "", value ? "`" : "");
	return SIM_EXIT_USAGE;
}

static int cmd_nats(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return usage_error("`nats` takes no argument", NULL);
	printf("Kinds of NAT:\n");
	for (size_t i = 0; i < sim_kind_count(); i++)
		printf("  %-10s %s\n", sim_kind_at(i)->name,
		       sim_kind_at(i)->text);
	printf("\nTopologies:\n");
	for (size_t i = 0; i < sim_topology_count(); i++)
		printf("  %-10s %s\n", sim_topology_at(i)->name,
		       sim_topology_at(i)->text);
	return SIM_EXIT_DONE;
}

static int cmd_matrix(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return usage_error("`matrix` takes no argument", NULL);
	return sim_matrix_write(stdout) ? SIM_EXIT_REFUSED : SIM_EXIT_DONE;
}

static int cmd_soak_punch(int argc, char **argv)
{
	return cmd_soak(SOAK_PUNCH, argc, argv);
}

static int cmd_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs(help, stdout);
	return SIM_EXIT_DONE;
}

static int cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("altair-sim %s\n", altair_version());
	return SIM_EXIT_DONE;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{"matrix", cmd_matrix},	    {"soak", cmd_soak_punch},
		{"agent", cmd_agent},	    {"server", cmd_server},
		{"nats", cmd_nats},	    {"help", cmd_help},
		{"--help", cmd_help},	    {"-h", cmd_help},
		{"--version", cmd_version},
	};
	int status = -1;

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (argc > 1 && !strcmp(argv[1], commands[i].name))
			status = commands[i].run(argc - 1, argv + 1);
	if (status < 0)
		status = cmd_run(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("altair-sim: standard output");
		return SIM_EXIT_REFUSED;
	}
	return status;
}
