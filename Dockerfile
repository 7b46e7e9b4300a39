# The programs `amanahd` and `amanah` in an image that runs as nobody, on a root file system that nobody writes to.
#
#   docker build -t amanah:local .                                        compiles them; takes a while
#   docker build -t amanah:local --target prebuilt -f Dockerfile DIR      takes them from DIR, which holds both
#
# DIR is for programs that were built on the same Debian release, such as target/release after `cargo build --release
# -p amanah-node -p amanah`. The stage that compiles comes behind `prebuilt`, so that older builders do not touch it.
ARG BASE=debian:bookworm-slim
ARG RUST=rust:1.95-bookworm

FROM ${BASE} AS runtime
# Members and followers of the network that `amanahd network create` makes in this image: a volume takes over the owner
# of the directory it is mounted on, so each has one here.
ARG MEMBERS="cedar qamar rawda zaytun reader"
RUN groupadd --gid 10001 amanah \
    && useradd --uid 10001 --gid 10001 --home-dir /home/amanah --no-create-home --shell /usr/sbin/nologin amanah \
    && install -d -o 10001 -g 10001 -m 0700 /home/amanah \
    && install -d -o 10001 -g 10001 -m 0755 /network \
    && for member in $MEMBERS; do install -d -o 10001 -g 10001 -m 0700 "/network/$member"; done
USER 10001:10001
ENV AMANAH_NODE_HOME=/home/amanah
EXPOSE 7400 7402
ENTRYPOINT ["amanahd"]
CMD ["run"]

FROM runtime AS prebuilt
COPY amanahd amanah /usr/local/bin/

FROM ${RUST} AS builder
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p amanah-node -p amanah

FROM runtime
COPY --from=builder /src/target/release/amanahd /src/target/release/amanah /usr/local/bin/
