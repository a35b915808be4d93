/* Connections: what waits for them, and when they end. */
#ifndef AIR_RENDEZVOUS_CLIENT_H
#define AIR_RENDEZVOUS_CLIENT_H

#include "rendezvous/state.h"

/* Says something that may not be lost: where it has no room the client is closed. */
void air_client_say(altair_rendezvous *r, altair_time now, uint32_t client,
		    const altair_note *note);
/* Passes a message or an acknowledgement on; it is lost where there is no room. */
void air_client_pass(altair_rendezvous *r, uint32_t client,
		     const altair_note *note);
struct air_refusal {
	enum altair_refusal why;
	uint32_t seconds;
};

/* `token` NULL: about none. */
void air_client_refuse(altair_rendezvous *r, altair_time now, uint32_t client,
		       const uint8_t *token, struct air_refusal refusal);
/* Closes it when what waits for it has left, or in 5 s. */
void air_client_close(altair_rendezvous *r, altair_time now, uint32_t client);
/* What is due for it, or may no longer be: idleness, presence. */
void air_client_due(altair_rendezvous *r, altair_time now, uint32_t client);
/* It has a side or presence more or less. */
void air_client_changed(altair_rendezvous *r, altair_time now, uint32_t client);
/* Its presence is said again then. */
void air_client_refresh_at(altair_rendezvous *r, uint32_t client,
			   altair_time when);
/* The newest connection that is present with this key, or AIR_NONE. */
uint32_t air_client_present(const altair_rendezvous *r, const uint8_t *key);
void air_client_take_present(altair_rendezvous *r, altair_time now,
			     uint32_t client, const altair_note *note);
/* What the driver has to be told next: of which client, and whether it is to be
 * closed; false: nothing. */
bool air_client_poll(altair_rendezvous *r, uint32_t *client, bool *is_close);

#endif
