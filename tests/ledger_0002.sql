BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE anchors (
	anchor_id BIGINT NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	heads TEXT NOT NULL, 
	checkpoints TEXT NOT NULL, 
	prev_hash TEXT NOT NULL, 
	anchor_hash TEXT NOT NULL, 
	PRIMARY KEY (anchor_id)
);
INSERT INTO "anchors" VALUES(1,1795000000000,'[["w1",3,"081cda69ec73ee842aeba89fa31923c7a9243cc82c08c5f0cb46678478cd625a"]]','[]','','0a04650ddb2b14a95b0df8244cce747e5a4c10bab28c504f2304e02098da6d8c');
CREATE TABLE attempts (
	request_id TEXT NOT NULL, 
	attempt_id TEXT NOT NULL, 
	ordinal INTEGER NOT NULL, 
	role TEXT NOT NULL, 
	answerer TEXT NOT NULL, 
	tier TEXT NOT NULL, 
	level INTEGER NOT NULL, 
	model TEXT NOT NULL, 
	state TEXT NOT NULL, 
	held_nano_usd BIGINT NOT NULL, 
	cost_nano_usd BIGINT NOT NULL, 
	cost_basis TEXT NOT NULL, 
	price_version TEXT NOT NULL, 
	started_at_ms BIGINT NOT NULL, 
	latency_ms DOUBLE NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	cached_input_tokens BIGINT NOT NULL, 
	cache_write_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	reasoning_tokens BIGINT NOT NULL, 
	usage_reported INTEGER NOT NULL, 
	estimated INTEGER NOT NULL, 
	discarded INTEGER NOT NULL, 
	provider_cost_nano_usd BIGINT, 
	compute_ms DOUBLE NOT NULL, 
	finish_reason TEXT NOT NULL, 
	error_code TEXT NOT NULL, 
	p DOUBLE, 
	reason TEXT NOT NULL, 
	adapter TEXT NOT NULL, 
	rung INTEGER NOT NULL, 
	upstream_id TEXT NOT NULL, 
	tenant TEXT NOT NULL, images INTEGER DEFAULT 0 NOT NULL, cores INTEGER DEFAULT 0 NOT NULL, 
	PRIMARY KEY (request_id, attempt_id)
)
 WITHOUT ROWID

;
INSERT INTO "attempts" VALUES('r0','r0/1',1,'answer','nano','fast',1,'nano-1','settled',400,123,'token_price','2026-11-01',1795000000000,3.0,100,20,0,30,5,1,0,0,NULL,0.0,'','',0.25,'lowest_expected_loss','',2,'chatcmpl-r0','acme',0,0);
INSERT INTO "attempts" VALUES('r1','r1/1',1,'answer','nano','fast',1,'nano-1','settled',400,124,'token_price','2026-11-01',1795000000000,3.0,100,20,0,30,5,1,0,0,NULL,0.0,'','',0.25,'lowest_expected_loss','',2,'chatcmpl-r1','acme',0,0);
INSERT INTO "attempts" VALUES('r2','r2/1',1,'answer','nano','fast',1,'nano-1','settled',400,1000,'token_price','2026-11-01',1795000000000,3.0,100,20,0,30,5,1,0,0,NULL,0.0,'','',0.25,'lowest_expected_loss','',2,'chatcmpl-r2','other',0,0);
INSERT INTO "attempts" VALUES('r3','r3/1',1,'answer','nano','fast',1,'nano-1','held',5000,0,'token_price','2026-11-01',1795000000000,3.0,100,20,0,30,5,1,0,0,NULL,0.0,'','',0.25,'lowest_expected_loss','',2,'chatcmpl-r3','acme',0,0);
CREATE TABLE budget_windows (
	tenant TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	start_ms BIGINT NOT NULL, 
	spent_nano_usd BIGINT NOT NULL, 
	held_nano_usd BIGINT NOT NULL, 
	purged_nano_usd BIGINT NOT NULL, 
	PRIMARY KEY (tenant, kind, start_ms)
)
 WITHOUT ROWID

;
INSERT INTO "budget_windows" VALUES('acme','day',1794960000000,247,5000,0);
INSERT INTO "budget_windows" VALUES('acme','month',1793491200000,247,5000,0);
INSERT INTO "budget_windows" VALUES('other','day',1794960000000,1000,0,0);
INSERT INTO "budget_windows" VALUES('other','month',1793491200000,1000,0,0);
CREATE TABLE checkpoints (
	writer_id TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	row_hash TEXT NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	purged_rows BIGINT NOT NULL, 
	PRIMARY KEY (writer_id)
);
CREATE TABLE keys (
	key_id TEXT NOT NULL, 
	secret_sha256 BLOB NOT NULL, 
	tenant TEXT NOT NULL, 
	name TEXT NOT NULL, 
	scopes TEXT NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	revoked_at_ms BIGINT, 
	PRIMARY KEY (key_id)
);
INSERT INTO "keys" VALUES('key_old',X'782EBEF8003C5D8CAC1406FA321A7CAB1B14EAC2B3CBA15003E589228A4A9267','acme','old','["chat"]',1795000000000,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	content TEXT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE policy_versions (
	hash TEXT NOT NULL, 
	name TEXT NOT NULL, 
	content TEXT NOT NULL, 
	first_seen_at_ms BIGINT NOT NULL, 
	PRIMARY KEY (hash)
);
CREATE TABLE requests (
	request_id TEXT NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	finished_at_ms BIGINT NOT NULL, 
	tenant TEXT NOT NULL, 
	key_id TEXT NOT NULL, 
	state TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	stream INTEGER NOT NULL, 
	mode TEXT NOT NULL, 
	policy TEXT NOT NULL, 
	policy_hash TEXT NOT NULL, 
	requested_model TEXT NOT NULL, 
	tier TEXT NOT NULL, 
	tier_number INTEGER NOT NULL, 
	answerer TEXT NOT NULL, 
	model TEXT NOT NULL, 
	verdict TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	reasons TEXT NOT NULL, 
	confidence DOUBLE NOT NULL, 
	escalations INTEGER NOT NULL, 
	cost_nano_usd BIGINT NOT NULL, 
	baseline_requested_model_nano_usd BIGINT, 
	baseline_all_level_2_nano_usd BIGINT, 
	baseline_all_level_3_nano_usd BIGINT, 
	baseline_people_nano_usd BIGINT, 
	input_tokens BIGINT NOT NULL, 
	cached_input_tokens BIGINT NOT NULL, 
	cache_write_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	reasoning_tokens BIGINT NOT NULL, 
	usage_reported INTEGER NOT NULL, 
	latency_ms DOUBLE NOT NULL, 
	first_token_ms DOUBLE, 
	triage_ms DOUBLE NOT NULL, 
	prompt_digest TEXT NOT NULL, 
	answer_digest TEXT NOT NULL, 
	session_digest TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	record TEXT NOT NULL, 
	review_id TEXT NOT NULL, 
	error_code TEXT NOT NULL, 
	domain TEXT NOT NULL, 
	request_type TEXT NOT NULL, 
	writer_id TEXT NOT NULL, 
	sequence BIGINT, 
	prev_hash TEXT NOT NULL, 
	row_hash TEXT NOT NULL, 
	PRIMARY KEY (request_id)
);
INSERT INTO "requests" VALUES('r0',1795000000000,1795000000007,'acme','key_1','settled','chat.completions',1,'route','default','ab12','auto','fast',1,'nano','nano-1','accepted','lowest_expected_loss','["novel","lowest_expected_loss"]',0.91,0,123,900,800,9000,NULL,100,20,0,30,5,1,4.25,NULL,0.9,'','','ssssssss','["a","ü"]','{"signals":{"domain":"finance","request_type":"decision"},"rungs":[]}','','','finance','decision','w1',1,'13b28abc5ed9323054530fe303b05518fba33f35e09bfe0ab00e8238eb01017f','133641f09c381aac54b0fbbbc4eda92beee8f72a9e325b0827cebfb0faa95a74');
INSERT INTO "requests" VALUES('r1',1795000000000,1795000000007,'acme','key_1','settled','chat.completions',1,'route','default','ab12','auto','fast',1,'nano','nano-1','accepted','lowest_expected_loss','["novel","lowest_expected_loss"]',0.91,0,124,900,800,9000,NULL,100,20,0,30,5,1,4.25,NULL,0.9,'','','ssssssss','["a","ü"]','{"signals":{"domain":"finance","request_type":"decision"},"rungs":[]}','','','finance','decision','w1',2,'133641f09c381aac54b0fbbbc4eda92beee8f72a9e325b0827cebfb0faa95a74','d5341fea86119344da4dc012625f91968549540d8bd748a7b801f42a124f0afc');
INSERT INTO "requests" VALUES('r2',1795000000000,1795000000007,'other','key_1','settled','chat.completions',1,'route','default','ab12','auto','fast',1,'nano','nano-1','accepted','lowest_expected_loss','["novel","lowest_expected_loss"]',0.91,0,1000,900,800,9000,NULL,100,20,0,30,5,1,4.25,NULL,0.9,'','','ssssssss','["a","ü"]','{"signals":{"domain":"finance","request_type":"decision"},"rungs":[]}','','','finance','decision','w1',3,'d5341fea86119344da4dc012625f91968549540d8bd748a7b801f42a124f0afc','081cda69ec73ee842aeba89fa31923c7a9243cc82c08c5f0cb46678478cd625a');
INSERT INTO "requests" VALUES('r3',1795000000000,1795000000007,'acme','key_1','open','chat.completions',1,'route','default','ab12','auto','fast',1,'nano','nano-1','accepted','lowest_expected_loss','["novel","lowest_expected_loss"]',0.91,0,120,900,800,9000,NULL,100,20,0,30,5,1,4.25,NULL,0.9,'','','ssssssss','["a","ü"]','{"signals":{"domain":"finance","request_type":"decision"},"rungs":[]}','','','','','w1',NULL,'','');
CREATE TABLE reviews (
	review_id TEXT NOT NULL, 
	request_id TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	domain TEXT NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	status TEXT NOT NULL, 
	question TEXT, 
	facts TEXT, 
	PRIMARY KEY (review_id)
);
CREATE TABLE sessions (
	tenant TEXT NOT NULL, 
	session TEXT NOT NULL, 
	memory TEXT NOT NULL, 
	updated_at_ms BIGINT NOT NULL, 
	PRIMARY KEY (tenant, session)
);
CREATE TABLE tenant_secrets (
	tenant TEXT NOT NULL, 
	secret BLOB NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	PRIMARY KEY (tenant)
);
CREATE TABLE texts (
	request_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	store TEXT NOT NULL, 
	content TEXT NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	expires_at_ms BIGINT NOT NULL, 
	PRIMARY KEY (request_id, kind)
);
CREATE UNIQUE INDEX keys_by_secret ON keys (secret_sha256);
CREATE UNIQUE INDEX requests_by_chain ON requests (writer_id, sequence);
CREATE INDEX requests_by_time ON requests (created_at_ms, request_id);
CREATE INDEX requests_by_tenant ON requests (tenant, created_at_ms, request_id);
CREATE INDEX requests_open ON requests (writer_id) WHERE state = 'open';
CREATE INDEX reviews_by_tenant ON reviews (tenant, created_at_ms);
CREATE INDEX sessions_by_time ON sessions (updated_at_ms);
CREATE INDEX texts_by_expiry ON texts (expires_at_ms);
CREATE INDEX texts_by_tenant ON texts (tenant);
COMMIT;
