/** The API's document, by Swagger UI. */
/* global SwaggerUIBundle */

SwaggerUIBundle({
  dom_id: "#docs",
  url: "../openapi.json",
  deepLinking: true,
  validatorUrl: null, // which would send the document elsewhere
});
