/* See rates.h; numbers of domain-rules §20. */
#include "app/rates.h"

#define A_MINUTE(n) ((double)(n) / 60)
#define AN_HOUR(n)  ((double)(n) / 3600)
#define A_DAY(n)    ((double)(n) / 86400)

const struct rate rate_user = { "user", 20, 60 };
const struct rate rate_address = { "address", 50, 200 };
const struct rate rate_react = { "react", A_MINUTE(60), 60 };
const struct rate rate_follow = { "follow", AN_HOUR(100), 100 };
const struct rate rate_search = { "search", A_MINUTE(30), 30 };
const struct rate rate_report = { "report", A_DAY(20), 20 };
