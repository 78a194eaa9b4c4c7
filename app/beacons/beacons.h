/*
 * Beacons: anonymous, short-lived notes on a map (domain-rules §9). No row, answer or log line says who
 * made one; what stops people from voting on their own is a tag under a key that is destroyed.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"

extern const struct route beacons_routes[];

/* Takes expired beacons off the map, deletes them with their votes after 48 h, and the keys with them. */
err beacons_expire(struct job *j);

/* The text in neutral words: agencies and their actions get a plain name, white space is one blank. */
str beacons_neutral(struct arena *a, str text);
