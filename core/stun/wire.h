/*
 * Every number of the STUN wire format, each with the paragraph that assigns
 * it. Who implements which attribute, its lengths and its layout: attr.c.
 */
#ifndef AIR_STUN_WIRE_H
#define AIR_STUN_WIRE_H

enum {
	AIR_STUN_HEADER_LEN = 20,      /* RFC 8489 5                       */
	AIR_STUN_TRANSACTION_LEN = 12, /* RFC 8489 5                       */
	AIR_STUN_TLV_LEN = 4,	       /* RFC 8489 14: type and length     */
	AIR_STUN_BODY_MAX = 0xfffc,    /* RFC 8489 5: a 16-bit length that
					  is a multiple of 4               */
	AIR_STUN_COOKIE = 0x2112a442,  /* RFC 8489 5                       */
	AIR_STUN_FINGERPRINT_XOR = 0x5354554e, /* RFC 8489 14.7              */
	AIR_STUN_PORT = 3478,	/* RFC 8489 18.6                    */
	AIR_STUN_ATTRS_MAX = 64 /* ours: more in one message is no
				   protocol that we speak           */
};

/* RFC 8489 5, figure 3: the class is bits 4 and 8 of the message type. */
enum air_stun_class {
	AIR_STUN_REQUEST = 0,
	AIR_STUN_INDICATION = 1,
	AIR_STUN_SUCCESS = 2,
	AIR_STUN_ERROR = 3
};

enum air_stun_method {
	AIR_STUN_BINDING = 0x001,	    /* RFC 8489 18.2                 */
	AIR_STUN_ALLOCATE = 0x003,	    /* RFC 8656 17                   */
	AIR_STUN_REFRESH = 0x004,	    /* RFC 8656 17                   */
	AIR_STUN_SEND = 0x006,		    /* RFC 8656 17                   */
	AIR_STUN_DATA = 0x007,		    /* RFC 8656 17                   */
	AIR_STUN_CREATE_PERMISSION = 0x008, /* RFC 8656 17                   */
	AIR_STUN_CHANNEL_BIND = 0x009,	    /* RFC 8656 17                   */
	AIR_STUN_CONNECT = 0x00a,	    /* RFC 6062 6.1                  */
	AIR_STUN_CONNECTION_BIND = 0x00b,   /* RFC 6062 6.1                  */
	AIR_STUN_CONNECTION_ATTEMPT = 0x00c /* RFC 6062 6.1                  */
};

/* Types below 0x8000 must be understood (RFC 8489 14). */
enum air_stun_attr_type {
	AIR_STUN_MAPPED_ADDRESS = 0x0001,	     /* RFC 8489 14.1         */
	AIR_STUN_CHANGE_REQUEST = 0x0003,	     /* RFC 5780 7.2          */
	AIR_STUN_USERNAME = 0x0006,		     /* RFC 8489 14.3         */
	AIR_STUN_MESSAGE_INTEGRITY = 0x0008,	     /* RFC 8489 14.5         */
	AIR_STUN_ERROR_CODE = 0x0009,		     /* RFC 8489 14.8         */
	AIR_STUN_UNKNOWN_ATTRIBUTES = 0x000a,	     /* RFC 8489 14.13        */
	AIR_STUN_CHANNEL_NUMBER = 0x000c,	     /* RFC 8656 18.1         */
	AIR_STUN_LIFETIME = 0x000d,		     /* RFC 8656 18.2         */
	AIR_STUN_XOR_PEER_ADDRESS = 0x0012,	     /* RFC 8656 18.3         */
	AIR_STUN_DATA_ATTR = 0x0013,		     /* RFC 8656 18.4         */
	AIR_STUN_REALM = 0x0014,		     /* RFC 8489 14.9         */
	AIR_STUN_NONCE = 0x0015,		     /* RFC 8489 14.10        */
	AIR_STUN_XOR_RELAYED_ADDRESS = 0x0016,	     /* RFC 8656 18.5         */
	AIR_STUN_REQUESTED_ADDRESS_FAMILY = 0x0017,  /* RFC 8656 18.6         */
	AIR_STUN_EVEN_PORT = 0x0018,		     /* RFC 8656 18.7         */
	AIR_STUN_REQUESTED_TRANSPORT = 0x0019,	     /* RFC 8656 18.8         */
	AIR_STUN_DONT_FRAGMENT = 0x001a,	     /* RFC 8656 18.9         */
	AIR_STUN_ACCESS_TOKEN = 0x001b,		     /* RFC 7635 6.2          */
	AIR_STUN_MESSAGE_INTEGRITY_SHA256 = 0x001c,  /* RFC 8489 14.6         */
	AIR_STUN_PASSWORD_ALGORITHM = 0x001d,	     /* RFC 8489 14.12        */
	AIR_STUN_USERHASH = 0x001e,		     /* RFC 8489 14.4         */
	AIR_STUN_XOR_MAPPED_ADDRESS = 0x0020,	     /* RFC 8489 14.2         */
	AIR_STUN_RESERVATION_TOKEN = 0x0022,	     /* RFC 8656 18.10        */
	AIR_STUN_PRIORITY = 0x0024,		     /* RFC 8445 16.1         */
	AIR_STUN_USE_CANDIDATE = 0x0025,	     /* RFC 8445 16.1         */
	AIR_STUN_PADDING = 0x0026,		     /* RFC 5780 7.6          */
	AIR_STUN_RESPONSE_PORT = 0x0027,	     /* RFC 5780 7.5          */
	AIR_STUN_CONNECTION_ID = 0x002a,	     /* RFC 6062 6.2.1        */
	AIR_STUN_ADDITIONAL_ADDRESS_FAMILY = 0x8000, /* RFC 8656 18.11       */
	AIR_STUN_ADDRESS_ERROR_CODE = 0x8001,	     /* RFC 8656 18.12        */
	AIR_STUN_PASSWORD_ALGORITHMS = 0x8002,	     /* RFC 8489 14.11        */
	AIR_STUN_ALTERNATE_DOMAIN = 0x8003,	     /* RFC 8489 14.16        */
	AIR_STUN_ICMP = 0x8004,			     /* RFC 8656 18.13        */
	AIR_STUN_SOFTWARE = 0x8022,		     /* RFC 8489 14.14        */
	AIR_STUN_ALTERNATE_SERVER = 0x8023,	     /* RFC 8489 14.15        */
	AIR_STUN_FINGERPRINT = 0x8028,		     /* RFC 8489 14.7         */
	AIR_STUN_ICE_CONTROLLED = 0x8029,	     /* RFC 8445 16.1         */
	AIR_STUN_ICE_CONTROLLING = 0x802a,	     /* RFC 8445 16.1         */
	AIR_STUN_RESPONSE_ORIGIN = 0x802b,	     /* RFC 5780 7.3          */
	AIR_STUN_OTHER_ADDRESS = 0x802c,	     /* RFC 5780 7.4          */
	AIR_STUN_THIRD_PARTY_AUTHORIZATION = 0x802e, /* RFC 7635 6.1         */
	AIR_STUN_MOBILITY_TICKET = 0x8030	     /* RFC 8016 3.3          */
};

enum {
	AIR_STUN_OPTIONAL = 0x8000,	    /* RFC 8489 14: this bit        */
	AIR_STUN_IPV4 = 0x01,		    /* RFC 8489 14.1                */
	AIR_STUN_IPV6 = 0x02,		    /* RFC 8489 14.1                */
	AIR_STUN_CHANGE_IP = 0x04,	    /* RFC 5780 7.2                 */
	AIR_STUN_CHANGE_PORT = 0x02,	    /* RFC 5780 7.2                 */
	AIR_STUN_EVEN_PORT_RESERVE = 0x80,  /* RFC 8656 18.7: the R bit     */
	AIR_STUN_TRANSPORT_UDP = 17,	    /* RFC 8656 18.8                */
	AIR_STUN_CHANNEL_MIN = 0x4000,	    /* RFC 8656 12, table 2         */
	AIR_STUN_CHANNEL_MAX = 0x4fff,	    /* RFC 8656 12, table 2         */
	AIR_STUN_ALGORITHM_MD5 = 0x0001,    /* RFC 8489 18.5                */
	AIR_STUN_ALGORITHM_SHA256 = 0x0002, /* RFC 8489 18.5                */
	AIR_STUN_SHA1_LEN = 20,		    /* RFC 8489 14.5                */
	AIR_STUN_SHA256_LEN = 32,	    /* RFC 8489 14.6                */
	AIR_STUN_SHA256_LEN_MIN = 16	    /* RFC 8489 14.6: truncated     */
};

enum air_stun_error_code {
	AIR_STUN_TRY_ALTERNATE = 300,		/* RFC 8489 14.8             */
	AIR_STUN_BAD_REQUEST = 400,		/* RFC 8489 14.8             */
	AIR_STUN_UNAUTHENTICATED = 401,		/* RFC 8489 14.8             */
	AIR_STUN_FORBIDDEN = 403,		/* RFC 8656 19               */
	AIR_STUN_MOBILITY_FORBIDDEN = 405,	/* RFC 8016 3.4              */
	AIR_STUN_UNKNOWN_ATTRIBUTE = 420,	/* RFC 8489 14.8             */
	AIR_STUN_ALLOCATION_MISMATCH = 437,	/* RFC 8656 19               */
	AIR_STUN_STALE_NONCE = 438,		/* RFC 8489 14.8             */
	AIR_STUN_FAMILY_NOT_SUPPORTED = 440,	/* RFC 8656 19               */
	AIR_STUN_WRONG_CREDENTIALS = 441,	/* RFC 8656 19               */
	AIR_STUN_TRANSPORT_NOT_SUPPORTED = 442, /* RFC 8656 19               */
	AIR_STUN_PEER_FAMILY_MISMATCH = 443,	/* RFC 8656 19               */
	AIR_STUN_CONNECTION_EXISTS = 446,	/* RFC 6062 6.3              */
	AIR_STUN_CONNECTION_FAILED = 447,	/* RFC 6062 6.3              */
	AIR_STUN_QUOTA_REACHED = 486,		/* RFC 8656 19               */
	AIR_STUN_ROLE_CONFLICT = 487,		/* RFC 8445 16.2             */
	AIR_STUN_SERVER_ERROR = 500,		/* RFC 8489 14.8             */
	AIR_STUN_INSUFFICIENT_CAPACITY = 508	/* RFC 8656 19               */
};

#endif
