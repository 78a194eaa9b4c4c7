SET search_path = sojorn, public, extensions;

DROP TABLE circle_members, blocks, follows;
