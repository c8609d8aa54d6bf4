namespace Grains.FrontEnd.Routes;

/// <summary>The routes of one kind of thing.</summary>
internal interface IRoutes
{
    IEnumerable<ApiRoute> All { get; }
}
