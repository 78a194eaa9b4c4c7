DROP TABLE sojorn.periodic_jobs;
