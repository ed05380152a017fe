FROM node:22-bookworm-slim AS build
WORKDIR /palabre
COPY . .
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
WORKDIR /palabre
COPY --from=build /palabre/package.json ./
COPY --from=build /palabre/node_modules ./node_modules
COPY --from=build /palabre/dist ./dist
RUN mkdir /data && chown node /data
USER node
ENV HOST=0.0.0.0 DATA_DIR=/data
VOLUME /data
EXPOSE 9814
CMD ["node", "dist/server/main.js", "start"]
