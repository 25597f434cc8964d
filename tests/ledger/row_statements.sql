-- SQLite
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
)

CREATE UNIQUE INDEX requests_by_chain ON requests (writer_id, sequence)

CREATE INDEX requests_by_tenant ON requests (tenant, created_at_ms, request_id)

CREATE INDEX requests_by_time ON requests (created_at_ms, request_id)

CREATE INDEX requests_open ON requests (writer_id) WHERE state = 'open'

-- PostgreSQL
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
	confidence DOUBLE PRECISION NOT NULL,
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
	latency_ms DOUBLE PRECISION NOT NULL,
	first_token_ms DOUBLE PRECISION,
	triage_ms DOUBLE PRECISION NOT NULL,
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
)

CREATE UNIQUE INDEX requests_by_chain ON requests (writer_id, sequence)

CREATE INDEX requests_by_tenant ON requests (tenant, created_at_ms, request_id)

CREATE INDEX requests_by_time ON requests (created_at_ms, request_id)

CREATE INDEX requests_open ON requests (writer_id) WHERE state = 'open'

INSERT INTO requests (request_id, created_at_ms, finished_at_ms, tenant, key_id, state, endpoint, stream, mode, policy, policy_hash, requested_model, tier, tier_number, answerer, model, verdict, reason, reasons, confidence, escalations, cost_nano_usd, baseline_requested_model_nano_usd, baseline_all_level_2_nano_usd, baseline_all_level_3_nano_usd, baseline_people_nano_usd, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, usage_reported, latency_ms, first_token_ms, triage_ms, prompt_digest, answer_digest, session_digest, tags, record, review_id, error_code, domain, request_type, writer_id, sequence, prev_hash, row_hash) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (request_id) DO UPDATE SET created_at_ms = excluded.created_at_ms, finished_at_ms = excluded.finished_at_ms, tenant = excluded.tenant, key_id = excluded.key_id, state = excluded.state, endpoint = excluded.endpoint, stream = excluded.stream, mode = excluded.mode, policy = excluded.policy, policy_hash = excluded.policy_hash, requested_model = excluded.requested_model, tier = excluded.tier, tier_number = excluded.tier_number, answerer = excluded.answerer, model = excluded.model, verdict = excluded.verdict, reason = excluded.reason, reasons = excluded.reasons, confidence = excluded.confidence, escalations = excluded.escalations, cost_nano_usd = excluded.cost_nano_usd, baseline_requested_model_nano_usd = excluded.baseline_requested_model_nano_usd, baseline_all_level_2_nano_usd = excluded.baseline_all_level_2_nano_usd, baseline_all_level_3_nano_usd = excluded.baseline_all_level_3_nano_usd, baseline_people_nano_usd = excluded.baseline_people_nano_usd, input_tokens = excluded.input_tokens, cached_input_tokens = excluded.cached_input_tokens, cache_write_tokens = excluded.cache_write_tokens, output_tokens = excluded.output_tokens, reasoning_tokens = excluded.reasoning_tokens, usage_reported = excluded.usage_reported, latency_ms = excluded.latency_ms, first_token_ms = excluded.first_token_ms, triage_ms = excluded.triage_ms, prompt_digest = excluded.prompt_digest, answer_digest = excluded.answer_digest, session_digest = excluded.session_digest, tags = excluded.tags, record = excluded.record, review_id = excluded.review_id, error_code = excluded.error_code, domain = excluded.domain, request_type = excluded.request_type, writer_id = excluded.writer_id, sequence = excluded.sequence, prev_hash = excluded.prev_hash, row_hash = excluded.row_hash

SELECT request_id, created_at_ms, finished_at_ms, tenant, key_id, state, endpoint, stream, mode, policy, policy_hash, requested_model, tier, tier_number, answerer, model, verdict, reason, reasons, confidence, escalations, cost_nano_usd, baseline_requested_model_nano_usd, baseline_all_level_2_nano_usd, baseline_all_level_3_nano_usd, baseline_people_nano_usd, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, usage_reported, latency_ms, first_token_ms, triage_ms, prompt_digest, answer_digest, session_digest, tags, record, review_id, error_code, domain, request_type, writer_id, sequence, prev_hash, row_hash FROM requests

-- SQLite
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
	images INTEGER NOT NULL,
	cores INTEGER NOT NULL,
	audio_input_tokens BIGINT NOT NULL,
	hour_write_tokens BIGINT,
	tenant TEXT NOT NULL,
	PRIMARY KEY (request_id, attempt_id)
)
 WITHOUT ROWID

-- PostgreSQL
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
	latency_ms DOUBLE PRECISION NOT NULL,
	input_tokens BIGINT NOT NULL,
	cached_input_tokens BIGINT NOT NULL,
	cache_write_tokens BIGINT NOT NULL,
	output_tokens BIGINT NOT NULL,
	reasoning_tokens BIGINT NOT NULL,
	usage_reported INTEGER NOT NULL,
	estimated INTEGER NOT NULL,
	discarded INTEGER NOT NULL,
	provider_cost_nano_usd BIGINT,
	compute_ms DOUBLE PRECISION NOT NULL,
	finish_reason TEXT NOT NULL,
	error_code TEXT NOT NULL,
	p DOUBLE PRECISION,
	reason TEXT NOT NULL,
	adapter TEXT NOT NULL,
	rung INTEGER NOT NULL,
	upstream_id TEXT NOT NULL,
	images INTEGER NOT NULL,
	cores INTEGER NOT NULL,
	audio_input_tokens BIGINT NOT NULL,
	hour_write_tokens BIGINT,
	tenant TEXT NOT NULL,
	PRIMARY KEY (request_id, attempt_id)
)

INSERT INTO attempts (request_id, attempt_id, ordinal, role, answerer, tier, level, model, state, held_nano_usd, cost_nano_usd, cost_basis, price_version, started_at_ms, latency_ms, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, usage_reported, estimated, discarded, provider_cost_nano_usd, compute_ms, finish_reason, error_code, p, reason, adapter, rung, upstream_id, images, cores, audio_input_tokens, hour_write_tokens, tenant) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (request_id, attempt_id) DO UPDATE SET ordinal = excluded.ordinal, role = excluded.role, answerer = excluded.answerer, tier = excluded.tier, level = excluded.level, model = excluded.model, state = excluded.state, held_nano_usd = excluded.held_nano_usd, cost_nano_usd = excluded.cost_nano_usd, cost_basis = excluded.cost_basis, price_version = excluded.price_version, started_at_ms = excluded.started_at_ms, latency_ms = excluded.latency_ms, input_tokens = excluded.input_tokens, cached_input_tokens = excluded.cached_input_tokens, cache_write_tokens = excluded.cache_write_tokens, output_tokens = excluded.output_tokens, reasoning_tokens = excluded.reasoning_tokens, usage_reported = excluded.usage_reported, estimated = excluded.estimated, discarded = excluded.discarded, provider_cost_nano_usd = excluded.provider_cost_nano_usd, compute_ms = excluded.compute_ms, finish_reason = excluded.finish_reason, error_code = excluded.error_code, p = excluded.p, reason = excluded.reason, adapter = excluded.adapter, rung = excluded.rung, upstream_id = excluded.upstream_id, images = excluded.images, cores = excluded.cores, audio_input_tokens = excluded.audio_input_tokens, hour_write_tokens = excluded.hour_write_tokens, tenant = excluded.tenant

SELECT request_id, attempt_id, ordinal, role, answerer, tier, level, model, state, held_nano_usd, cost_nano_usd, cost_basis, price_version, started_at_ms, latency_ms, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, usage_reported, estimated, discarded, provider_cost_nano_usd, compute_ms, finish_reason, error_code, p, reason, adapter, rung, upstream_id, images, cores, audio_input_tokens, hour_write_tokens, tenant FROM attempts
