DROP TABLE sojorn.backup_runs;
