/* The configuration of a server. */
#ifndef AIR_SERVER_CONFIG_H
#define AIR_SERVER_CONFIG_H

#include <altair/server.h>

/* True when every setting is within its bounds. */
bool air_server_config_is_valid(const altair_server_config *config);

#endif
