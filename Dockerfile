# Causeway in a container: docs/guides/container.md says how to build and run it.
# The package is made from this folder and installed as anybody would install it.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm install --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack --pack-destination /build && npm install --prefix /opt/causeway --omit=dev /build/causeway-mcp-*.tgz

FROM node:24.21.0-bookworm-slim
# PostgreSQL looks the name of its account up, and refuses to be root.
# tini ends what servers started by a command leave behind.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --create-home causeway \
    && install -d -o causeway -g causeway -m 0700 /var/lib/causeway
COPY --from=build /opt/causeway /opt/causeway

# CAUSEWAY_PUBLIC_URL is for the operator to say: without it a start ends and names it.
ENV HOST=0.0.0.0 \
    PORT=4444 \
    CAUSEWAY_DATA_DIR=/var/lib/causeway \
    PATH=/opt/causeway/node_modules/.bin:$PATH
USER 10001:10001
WORKDIR /home/causeway
VOLUME /var/lib/causeway
EXPOSE 4444
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "causeway"]
CMD ["serve"]
