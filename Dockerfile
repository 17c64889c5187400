# The images of the services: docker build --target events (or users) .
# An image serves; with the command dist/migrate.js it migrates. Both bases are arguments, for a mirror or for images that
# were made without a registry (tools/src/local-images). Nothing here needs BuildKit.
ARG NODE_IMAGE=node:26-trixie-slim
ARG DEBIAN_IMAGE=debian:trixie-slim

# What npm ci reads, apart from the sources, so that a change of these installs nothing again.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /src
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc ! -name link-node.mjs -delete \
  && find . -type d -empty -delete

FROM ${NODE_IMAGE} AS build
# The addresses in package-lock.json are the public registry's; npm asks this one instead.
ARG NPM_REGISTRY=https://registry.npmjs.org/
ENV npm_config_registry=${NPM_REGISTRY} npm_config_update_notifier=false NX_DAEMON=false CI=true
WORKDIR /src
ENV PATH=/src/node_modules/.bin:$PATH
COPY --from=manifests /src ./
RUN npm ci --ignore-scripts --cache /tmp/npm && rm -rf /tmp/npm && node tools/link-node.mjs
# The Node of the services is the one of the lockfile; of its libraries, the slim image lacks this one.
RUN mkdir -p /runtime/bin /runtime/lib \
  && cp -L node_modules/.bin/node /runtime/bin/node \
  && cp -L "$(ldd /runtime/bin/node | awk '/libatomic/ {print $3}')" /runtime/lib/
COPY . .
RUN nx run-many --targets build --projects events,users --output-style static
RUN for service in events users; do \
      node tools/production-modules.ts "$service" "/app/$service" || exit 1; \
      mkdir -p "/app/$service/services/$service" || exit 1; \
      cp -r "services/$service/package.json" "services/$service/dist" "/app/$service/services/$service/" || exit 1; \
    done

FROM ${DEBIAN_IMAGE} AS runtime
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent tidemark
COPY --from=build /runtime/lib/ /usr/local/lib/
COPY --from=build /runtime/bin/node /usr/local/bin/node
RUN ldconfig
ENV NODE_ENV=production
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/main.js"]
LABEL org.opencontainers.image.licenses=Apache-2.0 org.opencontainers.image.vendor=Tidemark

FROM runtime AS events
COPY --from=build /app/events /app
WORKDIR /app/services/events
ENV EVENTS_HOST=0.0.0.0 EVENTS_PORT=50051
EXPOSE 50051
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD node dist/health-check.js "$EVENTS_PORT"
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title=tidemark-events \
      org.opencontainers.image.description="Events in TimescaleDB hypertables, behind gRPC" \
      org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${REVISION}

FROM runtime AS users
COPY --from=build /app/users /app
WORKDIR /app/services/users
ENV USERS_HOST=0.0.0.0 USERS_PORT=50052
EXPOSE 50052
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD node dist/health-check.js "$USERS_PORT"
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title=tidemark-users \
      org.opencontainers.image.description="Users in relational tables, behind gRPC" \
      org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${REVISION}
