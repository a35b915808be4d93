/*
 * The queue of messages that nobody has received yet: order, fullness, and the
 * move to the front, against what was put in.
 */
#include "../../adapters/conn/inbox.h"
#include "../check.h"

static struct air_inbox inbox;
static uint8_t message[AIR_INBOX_BYTES];

/* A message that tells its number by every byte. */
static bool put(unsigned number, size_t len)
{
	memset(message, (int)(number & 0xff), len);
	return air_inbox_put(&inbox, (altair_bytes){message, len});
}

static void take(unsigned number, size_t len)
{
	altair_bytes taken;

	CHECK(air_inbox_take(&inbox, &taken));
	CHECK_EQ(taken.len, len);
	for (size_t i = 0; i < len; i++)
		CHECK_EQ(taken.data[i], number & 0xff);
}

static void test_empty(void)
{
	altair_bytes taken;

	inbox = (struct air_inbox){0};
	CHECK(!air_inbox_take(&inbox, &taken));
	CHECK(air_inbox_put(&inbox, (altair_bytes){NULL, 0}));
	take(0, 0);
	CHECK(!air_inbox_take(&inbox, &taken));
}

static void test_full(void)
{
	unsigned count = 0;

	inbox = (struct air_inbox){0};
	while (put(count, 1200))
		count++;
	CHECK_EQ(count, AIR_INBOX_BYTES / 1204);
	CHECK(!put(0, 1200));
	for (unsigned i = 0; i < count; i++)
		take(i, 1200);
	CHECK(put(7, AIR_INBOX_BYTES - 4));
	CHECK(!put(8, 0));
	take(7, AIR_INBOX_BYTES - 4);
	CHECK(!put(9, AIR_INBOX_BYTES - 3));
}

/* Every length and position: what is queued survives each move to the front. */
static void test_moves(void)
{
	unsigned in = 0, out = 0;

	inbox = (struct air_inbox){0};
	for (unsigned round = 0; round < 2000; round++) {
		while (in - out < 1 + round % 40 && put(in, in * 37 % 1300))
			in++;
		for (unsigned k = 0; k < 1 + round % 7 && out < in; k++) {
			take(out, out * 37 % 1300);
			out++;
		}
	}
	CHECK(in > 2000);
}

static const struct check_test tests[] = {
	TEST(test_empty),
	TEST(test_full),
	TEST(test_moves),
};

CHECK_MAIN(tests)
