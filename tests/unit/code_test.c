/*
 * Codes: what is read and what is refused, and what holds of the list of words.
 */
#include "check.h"

#include <altair/code.h>

static void is_read(const char *text, uint32_t nameplate)
{
	char secret[ALTAIR_CODE_TEXT];
	altair_code code;

	CHECK_EQ(altair_code_parse(&code, text), 0);
	CHECK_EQ(code.nameplate, nameplate);
	CHECK_EQ(altair_code_secret(&code, secret, sizeof secret), 12);
	CHECK_STR(secret, "amber-window");
}

static void codes_as_people_type_them(void)
{
	is_read("7-amber-window", 7);
	is_read("7-Amber-Window", 7);
	is_read("7-AMBER-WINDOW", 7);
	is_read("  7 amber window\n", 7);
	is_read("7 - amber - window\r\n", 7);
	is_read("7_amber_window", 7);
	is_read("7.amber.window", 7);
	is_read("7, amber, window", 7);
	is_read("7amber window", 7);
	is_read("007-amber-window", 7);
	is_read("999999999-amber-window", 999999999);
	is_read("7\tamber\twindow\t", 7);
	/* What word processors make of a dash and of a blank. */
	is_read("7\xe2\x80\x93"
		"amber\xe2\x80\x94window",
		7);
	is_read("7\xe2\x80\x91"
		"amber\xe2\x88\x92window",
		7);
	is_read("7\xc2\xa0"
		"amber\xc2\xa0window",
		7);
}

static void is_refused(const char *text, int error)
{
	altair_code code = {4, {5, 6}};

	CHECK_EQ(altair_code_parse(&code, text), error);
	CHECK_EQ(code.nameplate, 4);
	CHECK_EQ(code.words[0], 5);
	CHECK_EQ(code.words[1], 6);
}

/* failures 80: a code without both parts is none. */
static void codes_that_are_none(void)
{
	static const char *const none[] = {"",
					   " ",
					   "-",
					   "7",
					   "7-",
					   "7-amber",
					   "7-amber-",
					   "amber-window",
					   "-amber-window",
					   "amber",
					   "0-amber-window",
					   "-7-amber-window",
					   "+7-amber-window",
					   "7-amberwindow",
					   "7-amber-window-",
					   "7-amber-window-amber",
					   "7-amber-window 8",
					   "7--",
					   "1234567890-amber-window",
					   "7-amber-w1ndow",
					   "7-\xc3\xa4mber-x",
					   "7\xe2\x80-amber-window",
					   "7\xe2",
					   "7-amber-window\xff",
					   "7/amber/window",
					   "192.0.2.1:5000",
					   "[2001:db8::1]:5000"};

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		is_refused(none[i], ALTAIR_E_CODE);
	is_refused("7-amber-windows", ALTAIR_E_NO_WORD);
	is_refused("7-ambe-window", ALTAIR_E_NO_WORD);
	is_refused("7-xqzzy-window", ALTAIR_E_NO_WORD);
	is_refused("7-a-b", ALTAIR_E_NO_WORD);
	is_refused("7-amber-windowwindowwindow", ALTAIR_E_NO_WORD);
}

static void what_looks_like_one(void)
{
	CHECK(altair_code_looks("7-amber-window"));
	CHECK(altair_code_looks("0-a-b"));
	CHECK(altair_code_looks("123456789012-no-words"));
	CHECK(!altair_code_looks(""));
	CHECK(!altair_code_looks("7"));
	CHECK(!altair_code_looks("7-amber"));
	CHECK(!altair_code_looks("7-amber-"));
	CHECK(!altair_code_looks("7--window"));
	CHECK(!altair_code_looks("-amber-window"));
	CHECK(!altair_code_looks("7-Amber-window"));
	CHECK(!altair_code_looks("7-amber-window "));
	CHECK(!altair_code_looks("7-amber-window-x"));
	CHECK(!altair_code_looks("laptop"));
}

static void formatting(void)
{
	altair_code code = {1, {0, ALTAIR_CODE_LIST - 1}};
	char text[ALTAIR_CODE_TEXT];
	altair_code back;
	int len;

	for (uint32_t n = 1; n <= ALTAIR_CODE_NAMEPLATE_MAX; n = n * 7 + 1) {
		code.nameplate = n;
		len = altair_code_format(&code, text, sizeof text);
		CHECK_EQ(len, strlen(text));
		CHECK(altair_code_looks(text));
		CHECK_EQ(altair_code_parse(&back, text), 0);
		CHECK_EQ(back.nameplate, n);
		CHECK_EQ(back.words[0], 0);
		CHECK_EQ(back.words[1], ALTAIR_CODE_LIST - 1);
	}
	code.nameplate = 20;
	len = altair_code_format(&code, text, sizeof text);
	for (size_t cap = 0; cap <= (size_t)len; cap++)
		CHECK_EQ(altair_code_format(&code, text, cap), ALTAIR_E_SPACE);
	CHECK_EQ(altair_code_format(&code, text, (size_t)len + 1), len);
	code.nameplate = 0;
	CHECK_EQ(altair_code_format(&code, text, sizeof text),
		 ALTAIR_E_INVALID);
	code.nameplate = ALTAIR_CODE_NAMEPLATE_MAX + 1;
	CHECK_EQ(altair_code_format(&code, text, sizeof text),
		 ALTAIR_E_INVALID);
	code.words[1] = ALTAIR_CODE_LIST;
	CHECK_EQ(altair_code_secret(&code, text, sizeof text),
		 ALTAIR_E_INVALID);
}

/* All 24 bits, and nothing but the random source, make the words. */
static uint32_t next_bits;
static int random_error;

static int counted(void *user, uint8_t *out, size_t len)
{
	(void)user;
	CHECK_EQ(len, 3);
	out[0] = (uint8_t)(next_bits >> 16);
	out[1] = (uint8_t)(next_bits >> 8);
	out[2] = (uint8_t)next_bits;
	return random_error;
}

static void drawing(void)
{
	altair_crypto crypto = {.size = sizeof crypto, .random = counted};
	altair_code code = {9, {0, 0}};

	random_error = 0;
	for (uint32_t bits = 0; bits < 1u << 24; bits += 997) {
		next_bits = bits;
		CHECK_EQ(altair_code_draw(&code, &crypto), 0);
		CHECK_EQ(code.words[0], bits >> 12);
		CHECK_EQ(code.words[1], bits & 4095);
		CHECK_EQ(code.nameplate, 9);
	}
	random_error = ALTAIR_E_RANDOM;
	CHECK_EQ(altair_code_draw(&code, &crypto), ALTAIR_E_RANDOM);
}

static void the_list(void)
{
	for (size_t i = 0; i < ALTAIR_CODE_LIST; i++) {
		const char *word = altair_code_word(i);
		size_t len = strlen(word);

		CHECK(len >= 3 && len <= 8);
		CHECK_EQ(strspn(word, "abcdefghijklmnopqrstuvwxyz"), len);
		if (i == 0)
			continue;
		/* Sorted, and other ones after five letters. */
		CHECK(strcmp(altair_code_word(i - 1), word) < 0);
		CHECK(strncmp(altair_code_word(i - 1), word, 5) != 0);
	}
	CHECK(altair_code_word(ALTAIR_CODE_LIST) == NULL);
}

static bool is_in_list(const char *word)
{
	size_t len = strlen(word), first;

	return altair_code_complete(word, len, &first) > 0 &&
	       strcmp(altair_code_word(first), word) == 0;
}

/* Words that sound the same, as English has them. */
static const char *const alike[][2] = {{"aisle", "isle"},
				       {"altar", "alter"},
				       {"ascent", "assent"},
				       {"bare", "bear"},
				       {"base", "bass"},
				       {"beach", "beech"},
				       {"bean", "been"},
				       {"beat", "beet"},
				       {"berry", "bury"},
				       {"berth", "birth"},
				       {"blew", "blue"},
				       {"board", "bored"},
				       {"brake", "break"},
				       {"bread", "bred"},
				       {"buy", "bye"},
				       {"cell", "sell"},
				       {"cellar", "seller"},
				       {"cent", "scent"},
				       {"cereal", "serial"},
				       {"chord", "cord"},
				       {"cite", "site"},
				       {"coarse", "course"},
				       {"core", "corps"},
				       {"creak", "creek"},
				       {"dear", "deer"},
				       {"desert", "dessert"},
				       {"dew", "due"},
				       {"die", "dye"},
				       {"fair", "fare"},
				       {"feat", "feet"},
				       {"fir", "fur"},
				       {"flea", "flee"},
				       {"flour", "flower"},
				       {"fore", "four"},
				       {"forth", "fourth"},
				       {"foul", "fowl"},
				       {"gait", "gate"},
				       {"gorilla", "guerilla"},
				       {"grate", "great"},
				       {"groan", "grown"},
				       {"hail", "hale"},
				       {"hair", "hare"},
				       {"hall", "haul"},
				       {"heal", "heel"},
				       {"hear", "here"},
				       {"heard", "herd"},
				       {"hoarse", "horse"},
				       {"hole", "whole"},
				       {"hour", "our"},
				       {"idle", "idol"},
				       {"key", "quay"},
				       {"knead", "need"},
				       {"knight", "night"},
				       {"knot", "not"},
				       {"know", "now"},
				       {"lead", "led"},
				       {"leak", "leek"},
				       {"lessen", "lesson"},
				       {"loan", "lone"},
				       {"made", "maid"},
				       {"mail", "male"},
				       {"main", "mane"},
				       {"maize", "maze"},
				       {"marshal", "martial"},
				       {"meat", "meet"},
				       {"medal", "meddle"},
				       {"metal", "mettle"},
				       {"miner", "minor"},
				       {"moor", "more"},
				       {"morning", "mourning"},
				       {"muscle", "mussel"},
				       {"naval", "navel"},
				       {"none", "nun"},
				       {"one", "won"},
				       {"pail", "pale"},
				       {"pain", "pane"},
				       {"pair", "pear"},
				       {"pause", "paws"},
				       {"peace", "piece"},
				       {"peak", "peek"},
				       {"peal", "peel"},
				       {"pedal", "peddle"},
				       {"peer", "pier"},
				       {"plain", "plane"},
				       {"plum", "plumb"},
				       {"pole", "poll"},
				       {"poor", "pour"},
				       {"pray", "prey"},
				       {"profit", "prophet"},
				       {"rain", "reign"},
				       {"raise", "raze"},
				       {"read", "reed"},
				       {"real", "reel"},
				       {"ring", "wring"},
				       {"road", "rode"},
				       {"role", "roll"},
				       {"root", "route"},
				       {"rose", "rows"},
				       {"sail", "sale"},
				       {"sauce", "source"},
				       {"scene", "seen"},
				       {"sea", "see"},
				       {"seam", "seem"},
				       {"sew", "sow"},
				       {"shear", "sheer"},
				       {"sight", "site"},
				       {"slay", "sleigh"},
				       {"soar", "sore"},
				       {"sole", "soul"},
				       {"some", "sum"},
				       {"son", "sun"},
				       {"stair", "stare"},
				       {"stake", "steak"},
				       {"stalk", "stork"},
				       {"stationary", "stationery"},
				       {"steal", "steel"},
				       {"storey", "story"},
				       {"straight", "strait"},
				       {"suite", "sweet"},
				       {"tail", "tale"},
				       {"tea", "tee"},
				       {"team", "teem"},
				       {"tear", "tier"},
				       {"their", "there"},
				       {"threw", "through"},
				       {"throne", "thrown"},
				       {"thyme", "time"},
				       {"tide", "tied"},
				       {"tire", "tyre"},
				       {"toad", "towed"},
				       {"toe", "tow"},
				       {"ton", "tun"},
				       {"vale", "veil"},
				       {"vain", "vane"},
				       {"wail", "whale"},
				       {"waist", "waste"},
				       {"wait", "weight"},
				       {"war", "wore"},
				       {"ware", "wear"},
				       {"way", "weigh"},
				       {"weak", "week"},
				       {"weather", "whether"},
				       {"wood", "would"},
				       {"yoke", "yolk"}};

/* Of them one at most is in the list. */
static void no_two_alike_by_ear(void)
{
	for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
		bool both = is_in_list(alike[i][0]) && is_in_list(alike[i][1]);

		if (both)
			printf("# %s and %s\n", alike[i][0], alike[i][1]);
		CHECK(!both);
	}
}

static void completion(void)
{
	size_t first, count = altair_code_complete("", 0, &first);

	CHECK_EQ(first, 0);
	CHECK_EQ(count, ALTAIR_CODE_LIST);
	count = altair_code_complete("amb", 3, &first);
	CHECK(count > 1);
	for (size_t i = 0; i < ALTAIR_CODE_LIST; i++) {
		bool is_within = i >= first && i < first + count;

		CHECK_EQ(strncmp(altair_code_word(i), "amb", 3) == 0,
			 is_within);
	}
	CHECK_EQ(altair_code_complete("amberr", 6, &first), 0);
	CHECK_EQ(altair_code_complete("zzz", 3, &first), 0);
	CHECK_EQ(altair_code_complete("AMB", 3, &first), 0);
	CHECK_EQ(altair_code_complete("\xff", 1, &first), 0);
	CHECK_EQ(altair_code_complete("abcdefghijklmnopqrst", 20, &first), 0);
	/* Five letters are enough for each. */
	for (size_t i = 0; i < ALTAIR_CODE_LIST; i++) {
		const char *word = altair_code_word(i);
		size_t len = strlen(word);

		count = altair_code_complete(word, len < 5 ? len : 5, &first);
		CHECK(first == i && (count == 1 || len < 5));
	}
}

static const struct check_test tests[] = {
	TEST(codes_as_people_type_them),
	TEST(codes_that_are_none),
	TEST(what_looks_like_one),
	TEST(formatting),
	TEST(drawing),
	TEST(the_list),
	TEST(no_two_alike_by_ear),
	TEST(completion),
};
CHECK_MAIN(tests)
