-- Rows signed by earlier versions cannot be converted, because only the service can sign them.
CREATE TABLE `store_must_be_empty` (`revision` integer NOT NULL, CONSTRAINT "store_must_be_empty" CHECK(`revision` = 0)) STRICT;
--> statement-breakpoint
INSERT INTO `store_must_be_empty` SELECT `revision` FROM `store`;
--> statement-breakpoint
DROP TABLE `store_must_be_empty`;
--> statement-breakpoint
DROP TABLE `audit`;
--> statement-breakpoint
DROP TABLE `policies`;
--> statement-breakpoint
DROP TABLE `secrets`;
--> statement-breakpoint
DROP TABLE `store`;
--> statement-breakpoint
DROP TABLE `trust_bundles`;
--> statement-breakpoint
CREATE TABLE `audit` (
	`revision` integer PRIMARY KEY NOT NULL,
	`write_id` text NOT NULL,
	`request` blob NOT NULL,
	`at` integer NOT NULL,
	`worker_at` integer NOT NULL,
	`spiffe_id` text NOT NULL,
	`action` text NOT NULL,
	`resource` text NOT NULL,
	`seq` integer NOT NULL,
	`prev` blob,
	`base` integer NOT NULL,
	`anchor` blob,
	`epoch` integer NOT NULL,
	`state` blob,
	`leads_to` text,
	`outcome` text NOT NULL,
	`trace_id` text NOT NULL,
	`key_id` text NOT NULL,
	`mac` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `authority` (
	`id` integer PRIMARY KEY NOT NULL,
	`content` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `heartbeat` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`revision` integer NOT NULL,
	`epoch` integer NOT NULL,
	`entry_mac` blob NOT NULL,
	`store_mac` blob NOT NULL,
	`key_id` text NOT NULL,
	`mac` blob NOT NULL,
	CONSTRAINT "heartbeat_is_one_row" CHECK("heartbeat"."id" = 1)
) STRICT;
--> statement-breakpoint
CREATE TABLE `policies` (
	`name` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`write_id` text NOT NULL,
	`base` integer NOT NULL,
	`epoch` integer NOT NULL,
	`slot` integer NOT NULL,
	`id_tag` blob NOT NULL,
	`path_tag` blob NOT NULL,
	`sealed` blob NOT NULL,
	`key_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `secrets` (
	`path` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`write_id` text NOT NULL,
	`born` text NOT NULL,
	`seq` integer NOT NULL,
	`base` integer NOT NULL,
	`epoch` integer NOT NULL,
	`latest` integer NOT NULL,
	`current` integer NOT NULL,
	`current_write_id` text,
	`current_until` integer,
	`oldest` integer NOT NULL,
	`max_versions` integer NOT NULL,
	`kept_versions` integer NOT NULL,
	`cas_required` integer NOT NULL,
	`metadata_cas_required` integer NOT NULL,
	`metadata_version` integer NOT NULL,
	`metadata_at` integer NOT NULL,
	`delete_after` integer NOT NULL,
	`custom` blob,
	`history` blob NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`written_at` integer NOT NULL,
	`wrapped_key` blob NOT NULL,
	`key_id` text NOT NULL,
	`mac` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `store` (
	`id` integer PRIMARY KEY NOT NULL,
	`store_id` text NOT NULL,
	`revision` integer NOT NULL,
	`epoch` integer NOT NULL,
	`schema_version` integer NOT NULL,
	`audit_floor` integer NOT NULL,
	`authority` blob NOT NULL,
	`generation` text NOT NULL,
	`acknowledged` integer NOT NULL,
	`key_id` text,
	`mac` blob,
	CONSTRAINT "store_is_one_row" CHECK("store"."id" = 1)
) STRICT;
--> statement-breakpoint
CREATE TABLE `trust_bundles` (
	`trust_domain` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`write_id` text NOT NULL,
	`base` integer NOT NULL,
	`epoch` integer NOT NULL,
	`slot` integer NOT NULL,
	`bundle` text NOT NULL,
	`sequence` text,
	`endpoint_url` text,
	`endpoint_profile` text,
	`refresh_hint` integer,
	`fetched_at` integer,
	`key_id` text NOT NULL,
	`mac` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_write_id` ON `audit` (`write_id`);
--> statement-breakpoint
CREATE INDEX `audit_by_resource` ON `audit` (`resource`,`revision`);
--> statement-breakpoint
CREATE INDEX `audit_by_key` ON `audit` (`key_id`);
--> statement-breakpoint
CREATE INDEX `audit_by_raised_epoch` ON `audit` (`epoch`) WHERE leads_to is not null;
--> statement-breakpoint
CREATE INDEX `policies_by_tags` ON `policies` (`path_tag`,`id_tag`);
--> statement-breakpoint
CREATE INDEX `policies_by_id_tag` ON `policies` (`id_tag`);
--> statement-breakpoint
CREATE INDEX `policies_by_key_and_name` ON `policies` (`key_id`,`name`);
--> statement-breakpoint
CREATE INDEX `secrets_by_key_and_path` ON `secrets` (`key_id`,`path`);
--> statement-breakpoint
INSERT INTO `store` (`id`, `store_id`, `revision`, `epoch`, `schema_version`, `audit_floor`, `authority`, `generation`, `acknowledged`) VALUES (1, lower(hex(randomblob(16))), 0, 0, 2, 0, x'6e340b9cffb37a989ca544e6bb780a2c', '', 0);
