/*
 * Trust: the harmony score, which only its owner reads, and the tier it gives, which everybody sees and
 * which says how much an account may post (domain-rules §6.3, §6.4).
 */
#pragma once

#include "app/ops/jobs.h"

/* Daily: the score of everybody who was here in the last 90 days. Suspends. */
err trust_calculate(struct job *j);
