# trine-server and trine in an image with nothing but the libraries that they load.
#
#   docker build -t trine .
#   docker run --read-only --cap-drop ALL -p 127.0.0.1:7433:7433 trine
#
# Needs BuildKit (Docker 20.10: DOCKER_BUILDKIT=1). deploy/check-image.sh builds and tries it.

ARG BASE=debian:bookworm-slim
# An image that holds a ccache directory, to start the compiler cache from; empty by default.
ARG CCACHE_SEED=scratch

FROM ${CCACHE_SEED} AS ccache-seed

FROM ${BASE} AS build
WORKDIR /src
# Before the sources, so that an edit to them does not install the packages again.
COPY deploy/install-deps.sh deploy/
RUN deploy/install-deps.sh --otlp && rm -rf /var/lib/apt/lists/*
COPY . .
# cmake/Trine.cmake has the settings that make one cache serve this build and those outside.
ENV CCACHE_DIR=/ccache
# The kernels' tests run here, against the very libraries that the image ships; the service's need
# the whole test environment and stay outside.
RUN --mount=type=cache,id=trine-ccache,target=/ccache,from=ccache-seed \
    cmake --preset release \
 && cmake --build --preset release \
 && ccache --show-stats \
 && ctest --test-dir build/release -L core --parallel "$(nproc)" --output-on-failure --no-tests=error \
 && install -D -s -t /out/usr/local/bin build/release/bin/trine build/release/bin/trine-server

FROM ${BASE}
COPY deploy/install-deps.sh /tmp/
RUN /tmp/install-deps.sh --runtime --otlp && rm -rf /tmp/install-deps.sh /var/lib/apt/lists/*
COPY --from=build /out/ /
COPY LICENSE /usr/share/doc/trine/LICENSE
# Fails the build, not the first start, when a library is missing.
RUN trine --version && trine-server --version

ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="trine" \
      org.opencontainers.image.description="gRPC service for local response normalization, arithmetic coding and image segmentation" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# Within the container only: what is published, and to whom, is for the one who runs it to say.
ENV TRINE_LISTEN=0.0.0.0:7433 \
    TRINE_METRICS_LISTEN=0.0.0.0:9433 \
    TRINE_SERVER=127.0.0.1:7433
EXPOSE 7433 9433
# A number, so that Kubernetes can tell that it is not root.
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["trine", "health"]
ENTRYPOINT ["trine-server"]
