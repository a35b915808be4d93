/*
 * CRC-32, four bytes a step ("slicing by four"). A table entry is linear in the
 * bits of its index, so the compiler makes each table from eight numbers: the
 * CRC of the single-bit byte 1 << n, followed by k zero bytes for table k.
 */
#include "base/crc32.h"

#define BIT(i, n, crc) ((((i) >> (n)) & 1u) ? (crc) : 0u)
#define MIX(i, a, b, c, d, e, f, g, h)                                         \
	(BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^           \
	 BIT(i, 4, e) ^ BIT(i, 5, f) ^ BIT(i, 6, g) ^ BIT(i, 7, h))
#define ZEROS_0(i)                                                             \
	MIX(i, 0x77073096u, 0xee0e612cu, 0x076dc419u, 0x0edb8832u,             \
	    0x1db71064u, 0x3b6e20c8u, 0x76dc4190u, 0xedb88320u)
#define ZEROS_1(i)                                                             \
	MIX(i, 0x191b3141u, 0x32366282u, 0x646cc504u, 0xc8d98a08u,             \
	    0x4ac21251u, 0x958424a2u, 0xf0794f05u, 0x3b83984bu)
#define ZEROS_2(i)                                                             \
	MIX(i, 0x01c26a37u, 0x0384d46eu, 0x0709a8dcu, 0x0e1351b8u,             \
	    0x1c26a370u, 0x384d46e0u, 0x709a8dc0u, 0xe1351b80u)
#define ZEROS_3(i)                                                             \
	MIX(i, 0xb8bc6765u, 0xaa09c88bu, 0x8f629757u, 0xc5b428efu,             \
	    0x5019579fu, 0xa032af3eu, 0x9b14583du, 0xed59b63bu)

#define FOUR(T, i) T(i), T((i) + 1u), T((i) + 2u), T((i) + 3u)
#define TIMES_4(M, T, i, n)                                                    \
	M(T, i), M(T, (i) + (n)), M(T, (i) + 2u * (n)), M(T, (i) + 3u * (n))
#define SIXTEEN(T, i) TIMES_4(FOUR, T, i, 4u)
#define SIXTY_FOUR(T, i)                                                       \
	SIXTEEN(T, i), SIXTEEN(T, (i) + 16u), SIXTEEN(T, (i) + 32u),           \
		SIXTEEN(T, (i) + 48u)
#define TABLE(T)                                                               \
	{                                                                      \
		SIXTY_FOUR(T, 0u), SIXTY_FOUR(T, 64u), SIXTY_FOUR(T, 128u),    \
			SIXTY_FOUR(T, 192u)                                    \
	}

static const uint32_t zeros[4][256] = {TABLE(ZEROS_0), TABLE(ZEROS_1),
				       TABLE(ZEROS_2), TABLE(ZEROS_3)};

static uint32_t add_byte(uint32_t crc, uint8_t byte)
{
	return crc >> 8 ^ zeros[0][(crc ^ byte) & 0xff];
}

static uint32_t add_four(uint32_t crc, const uint8_t *p)
{
	crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
	return zeros[3][crc & 0xff] ^ zeros[2][crc >> 8 & 0xff] ^
	       zeros[1][crc >> 16 & 0xff] ^ zeros[0][crc >> 24];
}

uint32_t air_crc32(const altair_bytes *parts, size_t count)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *p = parts[i].data;
		size_t len = parts[i].len;

		for (; len >= 4; len -= 4, p += 4)
			crc = add_four(crc, p);
		for (; len > 0; len--, p++)
			crc = add_byte(crc, *p);
	}
	return ~crc;
}
