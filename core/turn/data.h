/* Payload as it travels between us and the server (RFC 8656 11, 12). */
#ifndef AIR_TURN_DATA_H
#define AIR_TURN_DATA_H

#include "stun/message.h"

/* RFC 8656 12.4: channel number and length. */
#define AIR_DATA_CHANNEL_HEAD 4

/* True for what can only be ChannelData (RFC 8656 12, table 3). */
bool air_data_is_channel(altair_bytes bytes);
/* Reads it; false when it is shorter than it says. */
bool air_data_read_channel(altair_bytes bytes, uint16_t *number,
			   altair_bytes *payload);
/* Writes the header in front of the payload and returns the message; on a
 * stream padded. */
altair_bytes air_data_wrap_channel(uint16_t number, altair_bytes payload,
				   uint8_t *at, bool is_stream);
/* Makes a Send indication around the payload at `at`. */
altair_bytes air_data_wrap_send(const struct air_stun_header *header,
				const altair_addr *peer, uint8_t *at,
				size_t len);

#endif
