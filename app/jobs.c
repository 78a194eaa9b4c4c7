/* The job kinds and periodic jobs of all features; a feature joins by its line here. */
#include "app/ops/jobs.h"

const struct job_kind app_job_kinds[] = {
	{ 0 },
};

const struct periodic app_periodic[] = {
	{ 0 },
};
