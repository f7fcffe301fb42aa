# The vendors' test doubles, built from source: the page and the control port at 9000, Corbado 9001, Authsignal 9002, Dfns 9003, Twilio 9004.
FROM rust:1-slim-trixie AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --features cli

FROM debian:trixie-slim
COPY --from=build /src/target/release/auth-challenge /usr/local/bin/auth-challenge
USER nobody
EXPOSE 9000 9001 9002 9003 9004
ENTRYPOINT ["auth-challenge", "doubles", "--json", "--allow-remote", "--control", "0.0.0.0:9000", "--control-name", "doubles", \
    "--corbado", "0.0.0.0:9001", "--authsignal", "0.0.0.0:9002", "--dfns", "0.0.0.0:9003", "--twilio", "0.0.0.0:9004"]
